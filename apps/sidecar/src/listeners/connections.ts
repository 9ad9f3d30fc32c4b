import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@revocast/denylist/replica';

/** Milliseconds between two looks at the connections. */
const lookMs = 1000;
/** Looks without a byte taken after which a client that leaves bytes of an answer waiting is cut. */
const stalledLooks = 10;

export interface ConnectionsOptions {
  readonly clock: Clock;
  /** Connections at the same time, without accepted upgrades. */
  readonly maxConnections: number;
}

interface Connection {
  /** The last request whose head is complete. */
  request?: IncomingMessage;
  /** Requests that are not answered completely. */
  answering: number;
  /** Bytes that the system had taken at the last look. */
  taken: number;
  stalledLooks: number;
}

/**
 * The connections of one HTTP server. Their number is bounded, and each answer must make progress. At the bound the
 * connection that has waited longest for its own client is cut: an unfinished request or an answer that is not read costs
 * an attacker nothing, and must not keep a probe or a reader out.
 */
export class Connections {
  readonly #maxConnections: number;
  /** In the order in which they began to wait. */
  readonly #open = new Map<Socket, Connection>();
  readonly #stop = new AbortController();
  readonly #clock: Clock;
  #isLooking = false;

  constructor({ clock, maxConnections }: ConnectionsOptions) {
    this.#maxConnections = maxConnections;
    this.#clock = clock;
  }

  /** Takes a new connection, or closes it when each other one waits for this server. */
  add(socket: Socket): void {
    if (this.#open.size >= this.#maxConnections) {
      const cut = this.#longestWaiting() ?? socket;
      this.#open.delete(cut);
      cut.destroy();
      if (cut === socket) return;
    }
    this.#hold(socket);
  }

  /** The handshake of TLS is complete: from now on `socket` stands for the connection below it. */
  secure(socket: Socket): void {
    for (const raw of this.#open.keys()) {
      if (raw.remotePort !== socket.remotePort || raw.remoteAddress !== socket.remoteAddress) continue;
      this.#open.delete(raw);
      this.#hold(socket);
      return;
    }
    // It was cut before the handshake ended.
    socket.destroy();
  }

  /** The head of a request is complete. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    connection.request = request;
    connection.answering += 1;
    response.once('close', () => {
      connection.answering -= 1;
      // It begins to wait for the next request now.
      if (this.#open.delete(socket) && !socket.destroyed) this.#open.set(socket, connection);
    });
  }

  /** An accepted upgrade has bounds and time-outs of its own. */
  release(socket: Socket): void {
    this.#open.delete(socket);
  }

  close(): void {
    this.#stop.abort();
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #hold(socket: Socket): void {
    this.#open.set(socket, { answering: 0, taken: 0, stalledLooks: 0 });
    socket.once('close', () => this.#open.delete(socket));
    if (!this.#isLooking) void this.#cutStalled();
  }

  #longestWaiting(): Socket | undefined {
    for (const [socket, { request, answering }] of this.#open) {
      if (answering === 0 || request?.complete === false || socket.writableLength > 0) return socket;
    }
    return undefined;
  }

  /** Looks while there are connections: an idle sidecar has none, and pays for each timer. */
  async #cutStalled(): Promise<void> {
    this.#isLooking = true;
    while (this.#open.size > 0) {
      await this.#clock.sleep(lookMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const [socket, connection] of this.#open) {
        const taken = socket.bytesWritten - socket.writableLength;
        const isStalled = socket.writableLength > 0 && taken === connection.taken;
        connection.stalledLooks = isStalled ? connection.stalledLooks + 1 : 0;
        connection.taken = taken;
        if (connection.stalledLooks >= stalledLooks) socket.destroy();
      }
    }
    this.#isLooking = false;
  }
}
