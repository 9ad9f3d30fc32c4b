import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../configuration-error.ts';
import { FeedError } from '../../log/feed.ts';
import type { RedisNode, RedisTls } from '../../sources/redis-source.ts';
import type { RedisScript } from '../scripts.ts';
import { isError, toFeedError } from './reply-errors.ts';

export type RedisArgument = string | number | Uint8Array;

/** One connection to Redis, without a life of its own: it is open until it fails, and then it is closed. */
export interface RedisConnection {
  /** Replies as Redis gave them, bulk strings as Buffers. Commands go out in the order of the calls. @throws FeedError */
  call(command: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** Runs a script, sending its source only when Redis does not know it. @throws FeedError */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  readonly open: boolean;
  /** Aborted once it is closed, by whomever. */
  readonly closed: AbortSignal;
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

/** One server, and who we are to it. */
export interface RedisAddress extends RedisNode {
  /** Safe to print. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly database: number;
  readonly tls?: RedisTls;
}

/**
 * Opens one connection to one server; the only place that knows the client library.
 *
 * @throws FeedError when the server is out of reach, ConfigurationError when ioredis is not installed.
 */
export async function openClient(address: RedisAddress, timeouts: RedisTimeouts = {}): Promise<RedisConnection> {
  const { connectMs = 1000, commandMs, silenceMs } = timeouts;
  const { host, port, name, user, database } = address;
  const Redis = await loadClient();
  const password = await readPassword(address);
  const tls = address.tls === undefined ? {} : { tls: await readTls(address.tls, address) };
  const client = new Redis({
    host,
    port,
    db: database,
    username: user,
    password,
    ...tls,
    lazyConnect: true,
    // The one protocol whose replies have the same shape in every version of the client.
    protocol: 2,
    // A user with the least rights may not call CLIENT.
    disableClientInfo: true,
    // Every default below waits or resends: with Redis down a command would take over a minute to fail, and a write
    // whose reply was lost would be sent twice.
    retryStrategy: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
    connectTimeout: connectMs,
    disconnectTimeout: 500,
    ...(commandMs === undefined ? {} : { commandTimeout: commandMs }),
    ...(silenceMs === undefined ? {} : { socketTimeout: silenceMs }),
  });
  // Without a listener every failure is printed to stderr; failures reach us through the promises.
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  const closed = new AbortController();
  client.on('close', () => closed.abort());
  const close = () => {
    closed.abort();
    // Of a socket that is gone already the client would wait two seconds for its end, and keep the process alive.
    if (client.status !== 'end' && client.status !== 'close') client.disconnect();
  };
  // The client's own limit covers TCP only: a paused server accepts and never says hello.
  const deadline = setTimeout(close, connectMs);
  try {
    await client.connect();
  } catch (error) {
    close();
    // The promise says only "closed"; the event before it said why.
    throw toFeedError(lastError ?? error, name);
  } finally {
    clearTimeout(deadline);
  }
  const call = async (command: string, args: readonly RedisArgument[]): Promise<unknown> => {
    try {
      return await client.callBuffer(command, ...args.map(toClientArgument));
    } catch (error) {
      const failure = toFeedError(error, name);
      // A client that timed out keeps the dead socket and would hand later replies to later questions only if it came
      // back. A server that is no primary any more will not become one: whoever dials again may find the new one.
      if (failure.code === 'timeout' || failure.code === 'read_only') close();
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
      return client.status === 'ready' && !closed.signal.aborted;
    },
    closed: closed.signal,
    close,
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

/** Read at every connect, so that a password may be changed without a restart. */
async function readPassword({ password, passwordFile, name }: RedisAddress): Promise<string | undefined> {
  if (passwordFile === undefined) return password;
  const text = await readLocal(passwordFile, name, 'passwordFile');
  return text.toString('utf8').split(/\r?\n/, 1)[0];
}

async function readTls({ caFile, certFile, keyFile, serverName }: RedisTls, { name, host }: RedisAddress) {
  const read = (path: string | undefined, what: string) =>
    path === undefined ? undefined : readLocal(path, name, what);
  const [ca, cert, key] = await Promise.all([read(caFile, 'ca'), read(certFile, 'cert'), read(keyFile, 'key')]);
  return {
    // The host of the URL, or the one that a Sentinel or cluster announced, is what the certificate must be for.
    host,
    ca,
    cert,
    key,
    servername: serverName,
  };
}

async function readLocal(path: string, name: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = isError(error) && 'code' in error ? ` (${String(error.code)})` : '';
    throw new FeedError('unreachable', `${name}: the file that ${what} names cannot be read${reason}`);
  }
}

function toClientArgument(argument: RedisArgument): string | number | Buffer {
  return argument instanceof Uint8Array && !Buffer.isBuffer(argument)
    ? Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
    : (argument as string | number | Buffer); // narrowed above: ioredis wants Buffer, not Uint8Array
}
