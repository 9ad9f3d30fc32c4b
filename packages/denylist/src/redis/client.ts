import type { Redis } from 'ioredis';
import { FeedError } from '../log/feed.ts';
import { systemClock as clock } from '../system-clock.ts';
import { type RedisAddress, readPassword, readTls } from './connection/credentials.ts';
import { loadClient } from './connection/load-client.ts';
import { failure, toFeedError } from './connection/reply-errors.ts';
import type { RoundTrips } from './connection/round-trips.ts';
import { TimeLimit } from './connection/time-limit.ts';
import type { RedisScript } from './scripts/script.ts';

type RedisArgument = string | number | Uint8Array;

export interface RedisTimeouts {
  /** Milliseconds for TCP, TLS and the handshake; default 1000. */
  readonly connectMs?: number;
  /** Milliseconds for a reply, longer than a tail blocks; then the connection is closed. Default no limit. */
  readonly commandMs?: number;
  /** It never keeps the process alive: a feed that is followed until the process ends. Default: while a command is in progress. */
  readonly isBackground?: boolean;
  /** With it, the limits above are the least ones, and follow the round trips. Default: they are fixed. */
  readonly roundTrips?: RoundTrips;
}

/** Their replies are late on purpose. */
const blockingCommands = ['XREAD', 'WAIT'];

/**
 * Opens one connection to one server; the only place that uses the client library.
 *
 * @throws FeedError when the server is unreachable, ConfigurationError when ioredis is not installed.
 */
export async function openClient(address: RedisAddress, timeouts: RedisTimeouts = {}): Promise<RedisConnection> {
  const { roundTrips } = timeouts;
  const connectMs = limitedBy(timeouts, timeouts.connectMs ?? 1000);
  const { host, port, socketPath, name, user, database } = address;
  const RedisClient = await loadClient();
  const client = new RedisClient({
    host,
    port,
    // A Unix socket, instead of host and port.
    path: socketPath,
    // Version 5 of the client asks for an IPv4 address otherwise, version 6 for any.
    family: 0,
    db: database,
    username: user,
    password: await readPassword(address),
    tls: await readTls(address),
    lazyConnect: true,
    // The one protocol whose replies have the same shape in every version of the client.
    protocol: 2,
    // A user with the fewest rights may not call CLIENT.
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
  });
  // Without a listener the client prints every failure to stderr; failures reach the caller through the promises.
  let lastError: Error | undefined;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  const connection = new RedisConnection(client, name, timeouts);
  // The client's own limit covers TCP only: a paused server accepts the connection and never answers the handshake.
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    roundTrips?.timedOut(connectMs);
    connection.close();
  }, connectMs);
  try {
    await client.connect();
  } catch (error) {
    connection.close();
    // The promise says only "closed"; the event before it has the reason.
    throw isLate ? failure('timeout', name) : toFeedError(lastError ?? error, name);
  } finally {
    clearTimeout(deadline);
  }
  client.stream.unref();
  return connection;
}

function limitedBy({ roundTrips }: RedisTimeouts, leastMs: number): number {
  return roundTrips?.limitMs(leastMs) ?? leastMs;
}

/** One connection to Redis. It is open until it fails; then it is closed for ever and never reconnects. */
export class RedisConnection {
  readonly #client: Redis;
  readonly #name: string;
  readonly #isBackground: boolean;
  readonly #roundTrips: RoundTrips | undefined;
  readonly #timeoutMs: number | undefined;
  readonly #timeLimit: TimeLimit | undefined;
  #inProgress = 0;
  #isRetired = false;
  readonly #closed = new AbortController();

  constructor(client: Redis, name: string, timeouts: RedisTimeouts) {
    const { commandMs, isBackground = false, roundTrips } = timeouts;
    this.#client = client;
    this.#name = name;
    this.#isBackground = isBackground;
    this.#roundTrips = roundTrips;
    this.#timeoutMs = commandMs && limitedBy(timeouts, commandMs);
    this.#timeLimit = this.#timeoutMs === undefined ? undefined : new TimeLimit(clock, this.#timeoutMs);
    client.on('close', () => this.#closed.abort());
  }

  get open(): boolean {
    return this.#client.status === 'ready' && !this.#isRetired && !this.#closed.signal.aborted;
  }

  /** Aborted when the connection is closed, by either side. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The reply as Redis sent it, with bulk strings as Buffers. Commands are sent in the order of the calls. @throws FeedError */
  async call(command: string, args: readonly RedisArgument[]): Promise<unknown> {
    try {
      return await this.#replyTo(command, args);
    } catch (error) {
      const failed = toFeedError(error, this.#name);
      // A late reply could be taken for the reply to a later command.
      if (failed.code === 'timeout') this.close();
      // A server that is no longer the primary stays so, and a new connection may find the new one.
      else if (failed.code === 'read_only') this.#retire();
      throw failed;
    }
  }

  /** Runs a script. Its source is sent only when Redis does not have it. @throws FeedError */
  async run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    const rest = [script.keyCount, ...keys, ...args];
    try {
      return await this.call('EVALSHA', [script.sha, ...rest]);
    } catch (error) {
      if (!(error instanceof FeedError) || error.code !== 'no_script') throw error;
      return await this.call('EVAL', [script.source, ...rest]);
    }
  }

  close(): void {
    // Every command that is late closes the connection, and each call of the client would add a listener to its socket.
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    // Disconnecting a socket that is closed already would wait two seconds for its end, and keep the process alive.
    const { status } = this.#client;
    if (status !== 'end' && status !== 'close') this.#client.disconnect();
  }

  /** Closes the connection when the commands in progress are answered: without an answer their outcome would be unknown. */
  #retire(): void {
    this.#isRetired = true;
    if (this.#inProgress === 0) this.close();
  }

  #late(): FeedError {
    if (this.#timeoutMs !== undefined) this.#roundTrips?.timedOut(this.#timeoutMs);
    return failure('timeout', this.#name);
  }

  async #replyTo(command: string, args: readonly RedisArgument[]): Promise<unknown> {
    const sentAtMs = clock.monotonicMs();
    this.#begin();
    try {
      const reply = this.#client.callBuffer(command, ...args.map(toClientArgument));
      // Not the limit of the client: its timer keeps the process alive, version 5.4 prints lines about it, and only the
      // text of its error tells it from others.
      if (this.#timeLimit === undefined) return await reply;
      const answer = await this.#timeLimit.await(reply, () => this.#late());
      if (!blockingCommands.includes(command)) this.#roundTrips?.answered(clock.monotonicMs() - sentAtMs);
      return answer;
    } finally {
      this.#end();
    }
  }

  /** A command in progress keeps the process alive: a script that only revokes must not end before it has. */
  #begin(): void {
    this.#inProgress += 1;
    if (this.#inProgress === 1 && !this.#isBackground) this.#client.stream.ref();
  }

  #end(): void {
    this.#inProgress -= 1;
    if (this.#inProgress > 0) return;
    if (!this.#isBackground) this.#client.stream.unref();
    if (this.#isRetired) this.close();
  }
}

function toClientArgument(argument: RedisArgument): string | number | Buffer {
  return argument instanceof Uint8Array && !Buffer.isBuffer(argument)
    ? Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength)
    : (argument as string | number | Buffer); // narrowed above: ioredis wants Buffer, not Uint8Array
}
