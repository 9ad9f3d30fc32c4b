import type { Clock } from '../clock.ts';
import { disposable } from '../disposable.ts';
import type { UsageStore } from '../log/usage.ts';
import { systemClock } from '../system-clock.ts';
import { parseSource, type TransportOptions } from './source.ts';

interface OpenUsageStoreOptions extends TransportOptions {
  /** Default: the clock of this machine. */
  readonly clock?: Clock | undefined;
  /** File with the bearer token of a sidecar that is not on loopback. */
  readonly tokenFile?: string | undefined;
}

/**
 * Where a process that follows `url` reports its usage: to the sidecar of that URL. Undefined for Redis and embedded
 * logs: only sidecars write figures, so the Redis user of an API process needs no right to write them. Nothing is
 * connected yet.
 *
 * @throws ConfigurationError for a URL that names no feed.
 */
export async function openUsageStore(
  url: string,
  { clock = systemClock, tokenFile, ...transport }: OpenUsageStoreOptions = {},
): Promise<(UsageStore & AsyncDisposable) | undefined> {
  const source = parseSource(url, 'url', transport);
  if (source.kind !== 'http') return undefined;
  const { createHttpUsage } = await import('../http/client/usage.ts');
  return disposable(createHttpUsage(source, { clock, tokenFile }));
}
