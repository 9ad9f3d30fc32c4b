import { disposable } from '../disposable.ts';
import type { OpenedSource, OpenSourceOptions } from '../log/opened-source.ts';
import { loadClient } from '../redis/connection/load-client.ts';
import { randomHex, systemClock, systemRandom } from '../system-clock.ts';
import { parseSource } from './source.ts';

/**
 * Everything that one URL offers. An unreachable source is not an error here.
 *
 * @throws ConfigurationError for a URL that names no source, `http:` to another host without `dangerouslyAllowHttp`, or when ioredis is not installed.
 */
export async function openSource(
  url: string,
  options: Partial<OpenSourceOptions> = {},
): Promise<OpenedSource & AsyncDisposable> {
  return disposable(await openKnownSource(url, options));
}

async function openKnownSource(url: string, options: Partial<OpenSourceOptions>): Promise<OpenedSource> {
  const source = parseSource(url, 'source', options);
  const { clock = systemClock, random = systemRandom, newEpoch = () => randomHex(8), tokenFile } = options;
  const ports = { clock, random, newEpoch, tokenFile };
  switch (source.kind) {
    case 'redis': {
      await loadClient();
      const { openRedisSource } = await import('../redis/source.ts');
      return openRedisSource(source, ports);
    }
    case 'http': {
      const { openHttpSource } = await import('../http/client/source.ts');
      return openHttpSource(source, ports);
    }
    case 'file': {
      const { openFileSource } = await import('../embedded/file/source.ts');
      return await openFileSource(source, ports);
    }
    case 'memory': {
      const { EmbeddedLog } = await import('../embedded/memory/embedded-log.ts');
      const { log, feed, lookUp } = new EmbeddedLog({ clock, epoch: newEpoch() });
      return { kind: 'memory', name: source.name, log, feed, lookUp, close: () => log.close() };
    }
  }
}
