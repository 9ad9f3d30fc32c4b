import { ConfigurationError } from '../configuration-error.ts';
import { FeedError, type FeedErrorCode } from '../feed.ts';
import type { RedisSource } from '../source.ts';
import type { RedisScript } from './scripts.ts';

export type RedisArgument = string | number | Uint8Array;

/** One connection to Redis, without a life of its own: it is open until it fails, and then it is closed. */
export interface RedisConnection {
  /** Replies as Redis gave them, bulk strings as Buffers. Commands go out in the order of the calls. @throws FeedError */
  call(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** Runs a script, sending its source only when Redis does not know it. @throws FeedError */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  readonly open: boolean;
  close(): void;
}

export interface RedisTimeouts {
  /** Milliseconds for TCP, TLS and the handshake; 1000. */
  readonly connectMs?: number;
  /** Milliseconds for a reply. */
  readonly commandMs?: number;
  /** Milliseconds without a byte before the socket is torn down; above the block time of a tail. */
  readonly silenceMs?: number;
}

/**
 * Opens one connection; it never reconnects by itself, because whoever uses it must know that it was another one.
 *
 * @throws FeedError when Redis is out of reach, ConfigurationError when ioredis is not installed.
 */
export async function connectRedis(source: RedisSource, timeouts: RedisTimeouts = {}): Promise<RedisConnection> {
  const { connectMs = 1000, commandMs, silenceMs } = timeouts;
  const Redis = await loadClient();
  const client = new Redis(source.url, {
    lazyConnect: true,
    // The one protocol whose replies have the same shape in every version of the client.
    protocol: 2,
    // Every default below waits or resends: with Redis down a command would take over a minute to fail, and a write
    // whose reply was lost would be sent twice.
    retryStrategy: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    connectTimeout: connectMs,
    ...(commandMs === undefined ? {} : { commandTimeout: commandMs }),
    ...(silenceMs === undefined ? {} : { socketTimeout: silenceMs }),
  });
  // Without a listener every failure is printed to stderr; failures reach us through the promises.
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  // The client's own limit covers TCP only: a paused server accepts and never says hello.
  const deadline = setTimeout(() => client.disconnect(), connectMs);
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    // The promise says only "closed"; the event before it said why.
    throw toFeedError(lastError ?? error, source);
  } finally {
    clearTimeout(deadline);
  }
  const call = async (command: string, args: readonly RedisArgument[]): Promise<unknown> => {
    try {
      return await client.callBuffer(command, ...args.map(toClientArgument));
    } catch (error) {
      const failure = toFeedError(error, source);
      // A client that timed out keeps the dead socket and would hand later replies to later questions only if it came back.
      if (failure.code === 'timeout') client.disconnect();
      throw failure;
    }
  };
  return {
    call,
    async run(script, keys, args) {
      const rest = [script.keyCount, ...keys, ...args];
      try {
        return await call('EVALSHA', [script.sha, ...rest]);
      } catch (error) {
        if (!(error instanceof FeedError) || error.code !== 'no_script') throw error;
        return await call('EVAL', [script.source, ...rest]);
      }
    },
    get open() {
      return client.status === 'ready';
    },
    close() {
      client.disconnect();
    },
  };
}

async function loadClient() {
  try {
    const { Redis } = await import('ioredis');
    return Redis;
  } catch (error) {
    throw new ConfigurationError('url', 'a redis: URL needs the package ioredis: npm install ioredis', {
      cause: error,
    });
  }
}

function toClientArgument(argument: RedisArgument): string | number | Buffer {
  return argument instanceof Uint8Array && !Buffer.isBuffer(argument)
    ? Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
    : (argument as string | number | Buffer); // narrowed above: ioredis wants Buffer, not Uint8Array
}

// The first word of an error reply is its code, part of the protocol.
const replyCodes: Readonly<Record<string, FeedErrorCode>> = {
  NOSCRIPT: 'no_script',
  LOADING: 'loading',
  READONLY: 'read_only',
  NOPERM: 'no_permission',
  NOAUTH: 'no_permission',
  WRONGPASS: 'no_permission',
  WRONGTYPE: 'wrong_type',
  OOM: 'out_of_memory',
  MISCONF: 'disk_error',
  NOREPLICAS: 'no_replicas',
  MASTERDOWN: 'loading',
  BUSY: 'timeout',
  UNBLOCKED: 'closed',
};

function toFeedError(error: unknown, { name }: RedisSource): FeedError {
  if (error instanceof ConfigurationError || !(error instanceof Error)) {
    return new FeedError('protocol', `${name} failed`, { cause: error });
  }
  // Only the text goes along: the client's error object carries the command, and that may be AUTH with its password.
  const cause = new Error(error.message);
  const say = (code: FeedErrorCode, what: string) => new FeedError(code, `${name}: ${what}`, { cause });
  if (error.name === 'ReplyError') {
    const word = error.message.split(' ', 1)[0] ?? '';
    const code = isScriptRefused(error.message) ? 'no_permission' : (replyCodes[word] ?? 'refused');
    return say(code, remedies[code] ?? `answered ${word}`);
  }
  if (/timed? ?out/i.test(error.message)) return say('timeout', 'no answer in time');
  if (/is closed|Stream isn't writeable|ECONNRESET|EPIPE/i.test(error.message)) return say('closed', 'connection lost');
  return say('unreachable', 'cannot be reached');
}

/** Inside a script a missing right is reported without a code of its own, up to Redis 7.0 at least. */
function isScriptRefused(message: string): boolean {
  return message.startsWith('ERR') && message.includes("can't run this command");
}

/** What to do about each, said where the error is made. */
const remedies: Readonly<Partial<Record<FeedErrorCode, string>>> = {
  loading: 'is loading its data set or has no primary; it will answer by itself',
  read_only: 'is a replica: name the primary, or its Sentinels',
  no_permission: 'refuses this user: see the ACL recipe in docs/redis.md',
  wrong_type: 'holds something else under {revocast}:*: give Revocast a database of its own',
  out_of_memory: 'is out of memory: raise maxmemory, and keep maxmemory-policy at noeviction',
  disk_error: 'cannot write to its disk and refuses writes (MISCONF)',
  no_replicas: 'has fewer replicas than min-replicas-to-write and refuses writes',
};
