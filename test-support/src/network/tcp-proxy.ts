import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { joinTarget, type Link, type Surroundings, swallow, type Target } from './tcp-link.ts';
import type { ByteWatch, Conditions, Direction } from './tcp-pipe.ts';

export type { Target } from './tcp-link.ts';
export type { Direction } from './tcp-pipe.ts';

export interface StartTcpProxyOptions {
  target: Target;
  /** Where it listens on 127.0.0.1. Default: a free port. */
  port?: number;
}

/**
 * Stands between two parties and makes their network bad on command. A condition holds for all connections, those to
 * come included, until it is taken back; conditions add up.
 */
export class TcpProxy {
  readonly host = '127.0.0.1';
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #watches = new Set<ByteWatch>();
  readonly #conditions: Conditions = { delayMs: 0, stalled: false, blackholed: false, pieceBytes: undefined };
  readonly #bytes = { up: 0, down: 0 };
  #target: Target;
  #accepted = 0;
  #refusing = false;

  constructor(target: Target) {
    this.#target = target;
    // A FIN from one side is a FIN to the other, and not the end of both directions.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  async listen(port = 0): Promise<void> {
    this.#server.listen(port, this.host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  /** Connections so far, refused ones included. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections now open on the connecting party's side. */
  get active(): number {
    return this.#links.size;
  }

  /** Bytes received from the connecting parties, swallowed ones included. */
  get bytesUp(): number {
    return this.#bytes.up;
  }

  /** Bytes received from the target, swallowed ones included. */
  get bytesDown(): number {
    return this.#bytes.down;
  }

  /** Every byte arrives this many milliseconds late, in each direction; order is kept. 0 ends it. */
  delay(ms: number): void {
    this.#conditions.delayMs = ms;
  }

  /** Reads nothing more: the senders' buffers fill, connections stay open, nothing is lost. Ends with `flow()`. */
  stall(): void {
    this.#conditions.stalled = true;
    for (const link of this.#links) link.update();
  }

  /**
   * Accepts connections and swallows everything both ways, FIN included, like a path that drops packets: neither side
   * learns anything. Ends with `flow()`.
   */
  blackhole(): void {
    this.#conditions.blackholed = true;
    for (const link of this.#links) link.update();
  }

  /**
   * Ends `stall()` and `blackhole()`. A connection that lost bytes to the blackhole is reset, because going on with a
   * hole in the stream is something no network does.
   */
  flow(): void {
    this.#conditions.stalled = false;
    this.#conditions.blackholed = false;
    for (const link of this.#links) link.update();
  }

  /** RST to both sides of every connection. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** While true, a new connection is reset as soon as it is accepted. Present ones go on. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** FIN in one direction of every connection; the other direction goes on. */
  halfClose(direction: Direction = 'down'): void {
    for (const link of this.#links) link.halfClose(direction);
  }

  /** Delivers in pieces of at most `bytes`, a segment each; a busy receiver may still read two at once. Undefined ends it. */
  splitBytes(bytes: number | undefined): void {
    if (bytes !== undefined && !(bytes >= 1)) throw new RangeError(`splitBytes: at least 1 byte, got ${bytes}`);
    this.#conditions.pieceBytes = bytes;
  }

  /** New connections go to another target; present ones stay where they are. */
  retarget(target: Target): void {
    this.#target = target;
  }

  /**
   * Calls back once, when `pattern` passes on any connection, before its last bytes are delivered: a `reset()`, `stall()`
   * or `blackhole()` in the callback keeps them from arriving.
   *
   * @param pattern up to 1024 bytes; a string is UTF-8. Found across packets as well.
   * @returns a function that stops watching.
   */
  onBytes(pattern: Buffer | string, direction: Direction, callback: () => void): () => void {
    const bytes = Buffer.from(pattern);
    if (bytes.length < 1 || bytes.length > 1024) throw new RangeError(`onBytes: 1 to 1024 bytes, got ${bytes.length}`);
    const watch: ByteWatch = {
      pattern: bytes,
      direction,
      seen: () => {
        if (this.#watches.delete(watch)) callback();
      },
    };
    this.#watches.add(watch);
    return () => void this.#watches.delete(watch);
  }

  /** Stops listening and resets what is open. */
  async close(): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    if (this.#refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const surroundings: Surroundings = {
      conditions: this.#conditions,
      watches: this.#watches,
      received: (direction, bytes) => {
        this.#bytes[direction] += bytes;
      },
    };
    // Nothing gets through a black hole, a connection request no more than bytes.
    const link = this.#conditions.blackholed
      ? swallow(client, surroundings)
      : joinTarget(client, this.#target, surroundings);
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

/** @throws when `port` is taken. */
export async function startTcpProxy({ target, port }: StartTcpProxyOptions): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen(port);
  return proxy;
}
