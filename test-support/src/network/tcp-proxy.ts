import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { discardAll, joinTarget, type Link, type SharedState, type Target } from './tcp-link.ts';
import { type ByteWatch, type Conditions, type Direction, drops } from './tcp-pipe.ts';

export type { Target } from './tcp-link.ts';
export type { Direction } from './tcp-pipe.ts';

export interface StartTcpProxyOptions {
  target: Target;
  /** Port on 127.0.0.1. Default: a free port. */
  port?: number;
}

/**
 * A proxy that simulates network faults between a client and a target. A condition applies to all present and future
 * connections until it is removed. Conditions can be combined.
 */
export class TcpProxy {
  readonly host = '127.0.0.1';
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #watches = new Set<ByteWatch>();
  readonly #conditions: Conditions = {
    delayMs: { up: 0, down: 0 },
    stalled: false,
    blackholed: undefined,
    pieceBytes: undefined,
  };
  readonly #bytes = { up: 0, down: 0 };
  #target: Target;
  #accepted = 0;
  #refusing = false;

  constructor(target: Target) {
    this.#target = target;
    // A FIN from one side is forwarded as a FIN, and does not end both directions.
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

  /** Number of connections so far, with refused ones. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Number of open connections from clients. */
  get active(): number {
    return this.#links.size;
  }

  /** Bytes received from clients, with discarded ones. */
  get bytesUp(): number {
    return this.#bytes.up;
  }

  /** Bytes received from the target, with discarded ones. */
  get bytesDown(): number {
    return this.#bytes.down;
  }

  /** Delays every byte by this many milliseconds, in order: in each direction, or in one. 0 ends it. */
  delay(ms: number, direction?: Direction): void {
    const { up, down } = this.#conditions.delayMs;
    this.#conditions.delayMs = { up: direction === 'down' ? up : ms, down: direction === 'up' ? down : ms };
  }

  /** Stops reading: the buffers of senders fill, connections stay open, no byte is lost. Ends with `flow()`. */
  stall(): void {
    this.#conditions.stalled = true;
    for (const link of this.#links) link.update();
  }

  /**
   * Accepts connections and discards all bytes and FINs of a direction, by default of both, like a path that drops packets.
   * Neither side gets an error. Ends with `flow()`.
   */
  blackhole(direction: Direction | 'both' = 'both'): void {
    this.#conditions.blackholed = direction;
    for (const link of this.#links) link.update();
  }

  /**
   * Ends `stall()` and `blackhole()`. A connection that lost bytes is reset, because TCP never delivers a stream with
   * missing bytes.
   */
  flow(): void {
    this.#conditions.stalled = false;
    this.#conditions.blackholed = undefined;
    for (const link of this.#links) link.update();
  }

  /** Sends an RST to both sides of every connection. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** While true, new connections are reset. Present ones are not affected. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Sends a FIN in one direction of every connection. The other direction is not affected. */
  halfClose(direction: Direction = 'down'): void {
    for (const link of this.#links) link.halfClose(direction);
  }

  /** Writes pieces of at most `bytes`, one segment each. A busy receiver can still read two together. Undefined ends it. */
  splitBytes(bytes: number | undefined): void {
    if (bytes !== undefined && !(bytes >= 1))
      throw new RangeError(`splitBytes: expected at least 1 byte, found ${bytes}`);
    this.#conditions.pieceBytes = bytes;
  }

  /** Changes the target of new connections. Present ones keep their target. */
  retarget(target: Target): void {
    this.#target = target;
  }

  /**
   * Calls `callback` once when `pattern` passes on any connection, before its last bytes are delivered. With `reset()`,
   * `stall()` or `blackhole()` in the callback, these bytes do not arrive.
   *
   * @param pattern 1–1024 bytes; a string is UTF-8. Also found across packets.
   * @returns a function that ends the watch.
   */
  onBytes(pattern: Buffer | string, direction: Direction, callback: () => void): () => void {
    const bytes = Buffer.from(pattern);
    if (bytes.length < 1 || bytes.length > 1024)
      throw new RangeError(`onBytes: expected 1–1024 bytes, found ${bytes.length}`);
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

  /** Stops listening and resets all connections. */
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
    const shared: SharedState = {
      conditions: this.#conditions,
      watches: this.#watches,
      received: (direction, bytes) => {
        this.#bytes[direction] += bytes;
      },
    };
    // A black hole drops the packets of a connection request, too.
    const link = drops(this.#conditions, 'up') ? discardAll(client, shared) : joinTarget(client, this.#target, shared);
    this.#links.add(link);
    client.once('close', () => this.#links.delete(link));
  }
}

/** @throws Error when `port` is in use. */
export async function startTcpProxy({ target, port }: StartTcpProxyOptions): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen(port);
  return proxy;
}
