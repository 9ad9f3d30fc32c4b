import { ConfigurationError } from '@revocast/denylist';

/** What is known about a refresh. */
export type RetryClaim =
  /** No other request has it: this one goes to the server. */
  | { readonly state: 'first' }
  /** Another request is at the server. */
  | { readonly state: 'running' }
  /** Its answer, encrypted. */
  | { readonly state: 'answered'; readonly sealed: Buffer };

/** Where answers are kept for a few seconds. A port: Redis, or the memory of one process. */
export interface RetryStore {
  /**
   * @param owner names this request. @param forMs after which the claim ends, if the process ends before it.
   */
  claim(id: string, owner: string, forMs: number): Promise<RetryClaim>;
  /** Keeps the answer of the owner; has no effect when its claim has ended. */
  answer(id: string, owner: string, answer: { readonly sealed: Buffer; readonly forMs: number }): Promise<void>;
  /** The owner has no answer to keep: the next request goes to the server. */
  release(id: string, owner: string): Promise<void>;
}

/** The part of a client of `ioredis` that is used. */
export interface RetryRedis {
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

export interface RedisRetryStoreOptions {
  /** Begins each key. Default `revocast:retry:`. */
  readonly prefix?: string | undefined;
}

// Returns 'first', or what the key holds: 'owner' and a name, or 'answer' and the bytes as base64.
const claimScript = `
if redis.call('SET', KEYS[1], 'owner ' .. ARGV[1], 'PX', ARGV[2], 'NX') then return 'first' end
return redis.call('GET', KEYS[1])`;
const answerScript = `
if redis.call('GET', KEYS[1]) ~= 'owner ' .. ARGV[1] then return 0 end
redis.call('SET', KEYS[1], 'answer ' .. ARGV[2], 'PX', ARGV[3])
return 1`;
const releaseScript = `
if redis.call('GET', KEYS[1]) ~= 'owner ' .. ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/**
 * Keeps answers in Redis, for servers of several processes.
 *
 * @param redis a client of `ioredis`; it stays yours.
 */
export function redisRetryStore(redis: RetryRedis, options: RedisRetryStoreOptions = {}): RetryStore {
  const { prefix = 'revocast:retry:' } = options;
  if (typeof redis?.eval !== 'function') {
    throw new ConfigurationError('redis', 'expected a client of ioredis, found another value');
  }
  return {
    async claim(id, owner, forMs) {
      const held = await redis.eval(claimScript, 1, prefix + id, owner, forMs);
      if (held === 'first') return { state: 'first' };
      if (typeof held !== 'string' || !held.startsWith('answer ')) return { state: 'running' };
      return { state: 'answered', sealed: Buffer.from(held.slice('answer '.length), 'base64') };
    },
    async answer(id, owner, { sealed, forMs }) {
      await redis.eval(answerScript, 1, prefix + id, owner, sealed.toString('base64'), forMs);
    },
    async release(id, owner) {
      await redis.eval(releaseScript, 1, prefix + id, owner);
    },
  };
}

interface Held {
  readonly owner: string;
  readonly sealed?: Buffer;
  readonly untilMs: number;
}

/** Keeps answers in this process: for tests, and for a server of one process. At most 100,000 refreshes. */
export function memoryRetryStore(nowMs: () => number = () => performance.now()): RetryStore {
  const held = new Map<string, Held>();
  const ownedBy = (id: string, owner: string) => {
    const found = held.get(id);
    return found?.owner === owner && found.sealed === undefined && found.untilMs > nowMs();
  };
  return {
    async claim(id, owner, forMs) {
      const found = held.get(id);
      if (found !== undefined && found.untilMs > nowMs()) {
        return found.sealed === undefined ? { state: 'running' } : { state: 'answered', sealed: found.sealed };
      }
      // In the order of their claims: the oldest end first.
      for (const [key, { untilMs }] of held) {
        if (untilMs > nowMs() && held.size < maxHeld) break;
        held.delete(key);
      }
      held.set(id, { owner, untilMs: nowMs() + forMs });
      return { state: 'first' };
    },
    async answer(id, owner, { sealed, forMs }) {
      if (ownedBy(id, owner)) held.set(id, { owner, sealed, untilMs: nowMs() + forMs });
    },
    async release(id, owner) {
      if (ownedBy(id, owner)) held.delete(id);
    },
  };
}

const maxHeld = 100_000;
