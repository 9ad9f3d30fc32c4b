import type { Clock } from '../../clock.ts';
import type { EvictionPolicy } from '../../log/revocation-log.ts';
import type { RedisConnection } from '../connection/connect.ts';
import { readText } from '../connection/replies.ts';
import { isCommandRefused } from '../connection/reply-errors.ts';
import { decodeInfo, readPolicyFromConfig } from './health.ts';
import { mayEvictRules } from './misconfiguration.ts';

/** A policy that was changed is noticed after at most this long. */
const rereadMs = 60_000;

interface Reading {
  readonly redis: RedisConnection;
  readonly readAtMs: number;
  readonly policy: Promise<EvictionPolicy>;
}

/** The eviction policy of the Redis that is written to. It is read once for each connection, and then once a minute. */
export class EvictionPolicyReader {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #latest: Reading | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /**
   * Its command is sent within this call: a command that is sent next is answered after it, so both take one round trip. A
   * Redis that refuses INFO is sent CONFIG after that.
   *
   * @returns `unknown` after a failure: it never rejects.
   */
  read(redis: RedisConnection): Promise<EvictionPolicy> {
    const readAtMs = this.#clock.monotonicMs();
    const latest = this.#latest;
    if (latest?.redis === redis && readAtMs - latest.readAtMs < rereadMs) return latest.policy;
    const policy = readPolicy(redis).then(
      (found) => (found === undefined ? 'unknown' : mayEvictRules(found) ? 'unsafe' : 'safe'),
      // The command that is sent next reports what is wrong with the connection.
      () => 'unknown' as const,
    );
    this.#latest = { redis, readAtMs, policy };
    return policy;
  }
}

async function readPolicy(redis: RedisConnection): Promise<string | undefined> {
  // CONFIG is second, because the users of docs/redis.md have no right to it, and Redis logs every refusal.
  return (await unlessRefused(readFromInfo(redis))) ?? (await unlessRefused(readPolicyFromConfig(redis)));
}

async function readFromInfo(redis: RedisConnection): Promise<string | undefined> {
  return decodeInfo(readText(await redis.call('INFO', ['memory']), 'INFO')).evictionPolicy;
}

async function unlessRefused(policy: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await policy;
  } catch (error) {
    if (isCommandRefused(error)) return undefined;
    throw error;
  }
}
