import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { FrameSplitter, type Piece } from './frame-splitter.ts';
import type { Target } from './tcp-link.ts';
import type { Direction } from './tcp-pipe.ts';

/** A binary WebSocket message on its way. */
export interface PassingFrame {
  readonly direction: Direction;
  /** As it is on the wire, with its header and mask. */
  readonly bytes: Buffer;
  /** Without header and mask. */
  readonly payload: Buffer;
}

/** Decides what goes on in place of a frame: nothing, the same bytes, other bytes, or all that later. */
export type FrameFate = (frame: PassingFrame, pass: (bytes: Buffer) => void) => void;

const opcodes = { binary: 2, ping: 9 };
/** An empty pong of a client: masked with zeros (RFC 6455 §5.1 and §5.5.3). */
const pong = Buffer.of(0x8a, 0x80, 0, 0, 0, 0);

/**
 * Stands between the two ends of WebSockets and does to single messages what no TCP does: loses, repeats, reorders or
 * changes them. Handshakes, control frames and plain HTTP pass as they are. Keeps no back-pressure: for short runs only.
 */
export class FrameProxy {
  readonly host = '127.0.0.1';
  /** Passes every frame until it is set. */
  fate: FrameFate = ({ bytes }, pass) => pass(bytes);
  readonly #target: Target;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  constructor(target: Target) {
    this.#target = target;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  /** Connections of clients that were abandoned and are still open at the target. */
  get abandoned(): number {
    return [...this.#pairs].filter((pair) => pair.isAbandoned).length;
  }

  /**
   * Makes every present connection half open: its client hears nothing more, and the target goes on hearing pongs, as from
   * a client that lives. Later connections are not affected.
   */
  abandon(): void {
    for (const pair of this.#pairs) pair.isAbandoned = true;
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.end();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const target = connect({ ...this.#target, noDelay: true });
    const pair = new Pair(client, target, (frame, pass) => this.fate(frame, pass));
    this.#pairs.add(pair);
    target.once('close', () => this.#pairs.delete(pair));
  }
}

/** One proxied connection. */
class Pair {
  isAbandoned = false;
  readonly #client: Socket;
  readonly #target: Socket;
  readonly #fate: FrameFate;

  constructor(client: Socket, target: Socket, fate: FrameFate) {
    this.#client = client;
    this.#target = target;
    this.#fate = fate;
    this.#join(client, target, 'up');
    this.#join(target, client, 'down');
    client.once('close', () => this.isAbandoned || this.end());
    target.once('close', () => this.end());
  }

  end(): void {
    this.#client.destroy();
    this.#target.destroy();
  }

  #join(from: Socket, to: Socket, direction: Direction): void {
    const splitter = new FrameSplitter();
    const pass = (bytes: Buffer) => {
      if (!this.isAbandoned && to.writable) to.write(bytes);
    };
    // `close` follows, and ends both sides.
    from.on('error', () => undefined);
    from.on('data', (bytes) => {
      for (const piece of splitter.push(bytes)) this.#forward(piece, direction, pass);
    });
  }

  #forward({ bytes, opcode, payload }: Piece, direction: Direction, pass: (bytes: Buffer) => void): void {
    if (this.isAbandoned && direction === 'down' && opcode === opcodes.ping) this.#target.write(pong);
    else if (opcode === opcodes.binary) this.#fate({ direction, bytes, payload }, pass);
    else pass(bytes);
  }
}

export async function startFrameProxy(target: Target): Promise<FrameProxy> {
  const proxy = new FrameProxy(target);
  await proxy.listen();
  return proxy;
}
