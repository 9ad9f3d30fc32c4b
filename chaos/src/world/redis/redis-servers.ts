import { findRedisServer, type RedisServer, type StartRedisOptions, startRedis } from '@revocast/test-support';
import { openSystemFaults, type SystemFaults } from '@revocast/test-support/system-faults';
import { type ClaimedPort, claimPort } from '../claim-port.ts';

/** The Redis servers of a world, the primary first. */
export class RedisServers {
  readonly all: RedisServer[] = [];
  readonly #withFaults: boolean;
  readonly #ports: ClaimedPort[] = [];
  readonly #faults = new Map<RedisServer, SystemFaults>();

  /** @param withFaults whether the clock and the disk of each server can be disturbed. */
  constructor(withFaults: boolean) {
    this.#withFaults = withFaults;
  }

  get primary(): RedisServer {
    return this.at(0);
  }

  /** @throws Error when there are not so many. */
  at(index: number): RedisServer {
    const server = this.all[index];
    if (server === undefined) throw new Error(`expected at least ${index + 1} Redis servers, found ${this.all.length}`);
    return server;
  }

  async start(options: Omit<StartRedisOptions, 'port' | 'binaries'>): Promise<RedisServer> {
    // Reserved until the world is closed: a restarted Redis listens on the same port again.
    const claimed = await claimPort();
    this.#ports.push(claimed);
    const faults = this.#withFaults ? await openSystemFaults() : undefined;
    const binaries = await findRedisServer();
    const env = { ...binaries.env, ...faults?.env };
    const server = await startRedis({ ...options, port: claimed.port, binaries: { ...binaries, env } });
    if (faults !== undefined) this.#faults.set(server, faults);
    this.all.push(server);
    return server;
  }

  /** @throws Error in a world without the option `systemFaults`. */
  faultsOf(server: RedisServer): SystemFaults {
    const faults = this.#faults.get(server);
    if (faults === undefined) throw new Error('expected a world with the option systemFaults');
    return faults;
  }

  /** Makes a redis replica the first one. */
  putFirst(index: number): RedisServer {
    const server = this.at(index);
    this.all.splice(index, 1);
    this.all.unshift(server);
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((server) => server.stop()));
    await Promise.all([...this.#faults.values()].map((faults) => faults.close()));
    for (const { release } of this.#ports.splice(0)) release();
  }
}
