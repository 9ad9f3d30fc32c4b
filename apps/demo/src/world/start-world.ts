import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createPublisher } from '@revocast/denylist';
import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { type StoreKind, startStore } from './demo-store.ts';
import { startEmbeddedLog } from './embedded-log.ts';
import { onFreePorts } from './on-free-ports.ts';
import { apiProcess, issuerProcess, sidecarProcess } from './processes.ts';
import { startRedisLog } from './redis-log.ts';
import type { SidecarPorts, StartedLog } from './started-log.ts';
import type { Replica, World } from './world.ts';
import { writeTokenFile } from './write-token-file.ts';

export interface StartWorldOptions {
  /** `auto` starts a Redis, or the embedded log when no Redis server can be found. */
  readonly source: 'auto' | 'embedded';
  readonly store: StoreKind;
  readonly replicas: number;
  /** An existing folder for the files of all processes. Its owner removes it. */
  readonly folder: string;
  /** Prints a line about the start. */
  readonly say: (line: string) => void;
}

const audience = 'https://api.example.com';

/**
 * Starts the log, the issuer, and the replicas with one sidecar each. Resolves when all are ready.
 *
 * @throws Error with the last lines of the process that did not start, after all other processes were stopped.
 */
export async function startWorld(options: StartWorldOptions): Promise<World> {
  return await onFreePorts((takePort) => startOnPorts(options, takePort));
}

async function startOnPorts(options: StartWorldOptions, takePort: () => Promise<number>): Promise<World> {
  const folder = await mkdtemp(join(options.folder, 'world-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const running: Supervised[] = [];
  let source: World['source'] | undefined;
  const stop: World['stop'] = async ({ atOnce = false } = {}) => {
    // Each of ten processes may take seconds to close its connections in order.
    if (atOnce) await Promise.all([...running.map((process) => process.stop({ graceMs: 0 })), source?.kill()]);
    for (const close of closers.splice(0).reverse()) await close();
  };
  const start = async (process: Parameters<typeof supervise>[0]): Promise<Supervised> => {
    const supervised = await supervise(process);
    closers.push(() => supervised.stop());
    running.push(supervised);
    return supervised;
  };

  try {
    const tokenFile = await writeTokenFile(join(folder, 'sidecar-write-token'));
    const ports = await Promise.all(
      Array.from({ length: options.replicas }, async () => ({ data: await takePort(), admin: await takePort() })),
    );
    const log = await startLog({ ...options, folder }, ports, tokenFile);
    closers.push(() => log.stop());
    source = log.source;

    const store = await startStore(options.store);
    closers.push(() => store.stop());
    const { postgresUrl } = store;
    const [issuerPort, operatorPort] = await Promise.all([takePort(), takePort()]);
    const issuerUrl = `http://127.0.0.1:${issuerPort}`;
    const keyFolder = join(folder, 'keys');
    const issuer = start(issuerProcess({ issuerUrl, issuerPort, operatorPort, audience, keyFolder, log, postgresUrl }));
    const sidecars = ports.map((own, index) =>
      index === log.heldBySidecarOf ? undefined : start(sidecarProcess(index, own, log.sidecarOptions(index))),
    );
    await settled([issuer, ...sidecars]);
    const replicas = await settled(
      ports.map(async (own, index): Promise<Replica> => {
        const port = await takePort();
        const url = `http://127.0.0.1:${port}`;
        const feed = `http://127.0.0.1:${own.data}`;
        await start(apiProcess(index, { port, issuerUrl, audience, feed, lookup: log.lookup }));
        return {
          name: `api-${index + 1}`,
          url,
          sidecarUrl: `http://127.0.0.1:${own.admin}`,
          consoleUrl: `${feed}/console`,
        };
      }),
    );

    const publisher = await createPublisher(log.url, { tokenFile: log.tokenFile });
    closers.push(() => publisher.close());
    const operatorUrl = `http://127.0.0.1:${operatorPort}`;
    const processes: World['processes'] = () => [
      { name: log.source.kind === 'redis' ? 'redis' : 'sidecar-1', pid: log.source.pid() },
      ...running.map(({ name, pid }) => ({ name, pid })),
    ];
    const addresses = { audience, issuerUrl, operatorUrl, keyFolder };
    return { ...addresses, replicas, source: log.source, publisher, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits for all starts before it rejects, so that every started process is registered and can be stopped. */
async function settled<T>(starts: readonly (Promise<T> | undefined)[]): Promise<T[]> {
  const defined = starts.filter((item) => item !== undefined);
  await Promise.allSettled(defined);
  return await Promise.all(defined);
}

async function startLog(
  { source, folder, say }: StartWorldOptions,
  ports: readonly SidecarPorts[],
  tokenFile: string,
): Promise<StartedLog> {
  if (source === 'auto') {
    const log = await startRedisLog(join(folder, 'redis'), say);
    if (log !== undefined) return log;
    say('No Redis server was found, so one sidecar holds the log in its memory.');
  }
  return await startEmbeddedLog(ports, tokenFile);
}
