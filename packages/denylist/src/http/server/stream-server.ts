import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { type Clock, pauseTogether } from '../../clock.ts';
import type { AnswerFrame } from '../wire/frames/down.ts';
import { encodeDown } from '../wire/frames/down.ts';
import { maxUpFrameBytes } from '../wire/frames/frame.ts';
import { FrameWriter } from '../wire/frames/frame-writer.ts';
import { messageOf } from '../wire/frames/message.ts';
import type { UsageFrame } from '../wire/frames/usage.ts';
import { closeCodes, lookMs, streamProtocol } from '../wire/stream.ts';
import type { NumberedFeed } from './numbered-feed.ts';
import type { OwnProofs } from './own-proof.ts';
import type { Readers } from './readers/readers.ts';
import { StreamConnection, type StreamShared } from './stream-connection.ts';

export interface StreamServerOptions {
  readonly clock: Clock;
  readonly feed: NumberedFeed;
  readonly readers: Readers;
  readonly proofs: Pick<OwnProofs, 'current'>;
  readonly maxBufferedBytes: number;
  /** 32 hex digits that name this boot of the host; absent where the system has no such name. */
  readonly bootId: string | undefined;
  readonly usage: (frame: UsageFrame) => Promise<AnswerFrame['status']>;
}

const webSocketOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: maxUpFrameBytes,
  // Text messages are refused whatever they contain.
  skipUTF8Validation: true,
  /** Milliseconds for the closing handshake; then the connection is ended without it. */
  closeTimeout: 3000,
  handleProtocols: () => streamProtocol,
};

/** The streams of a sidecar. One timer checks all of them, as long as there is one. */
export class StreamServer {
  readonly #webSockets = new WebSocketServer(webSocketOptions);
  readonly #connections = new Set<StreamConnection>();
  readonly #clock: Clock;
  readonly #shared: StreamShared;
  readonly #stop = new AbortController();
  readonly #unsubscribe: readonly (() => void)[];
  #cut = 0;
  #isLooking = false;
  /** The first synchronisation is complete, and the readers that waited for it were welcomed. */
  #hasWelcomed = false;

  constructor({ clock, feed, readers, proofs, maxBufferedBytes, bootId, usage }: StreamServerOptions) {
    const writer = new FrameWriter('slab');
    this.#clock = clock;
    this.#shared = {
      feed,
      readers,
      maxBufferedBytes,
      bootId,
      usage,
      encode: (frame) => messageOf(encodeDown(writer, frame)),
      heartbeat: (n, echo) => {
        const proof = proofs.current();
        return proof && messageOf(encodeDown(writer, { kind: 'heartbeat', n, echo, ...proof }));
      },
    };
    const pumpAll = () => {
      for (const connection of this.#connections) connection.pump();
    };
    this.#unsubscribe = [feed.onJournal(pumpAll), readers.onAccepted(pumpAll)];
  }

  get size(): number {
    return this.#connections.size;
  }

  get following(): number {
    let following = 0;
    for (const connection of this.#connections) if (connection.isFollowing) following += 1;
    return following;
  }

  /** Connections that ended without a closing handshake or were closed because the reader was too slow. */
  get cut(): number {
    return this.#cut;
  }

  /**
   * Answers an upgrade request that has passed the checks common to all routes.
   *
   * @param isPermitted whether its credential is still valid; asked twice a minute.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isPermitted: () => boolean): void {
    // For the type: `node:http` passes a `Socket`, and only that counts the bytes it has read.
    if (!(socket instanceof Socket)) {
      socket.destroy();
      return;
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(streamProtocol)) {
      refuseUpgrade(socket, 400, 'subprotocol_missing', `expected Sec-WebSocket-Protocol: ${streamProtocol}`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new StreamConnection(this.#shared, webSocket, socket, isPermitted);
      this.#connections.add(connection);
      if (!this.#isLooking) void this.#lookRegularly();
      // Without a listener a broken link would end this process. `close` follows.
      webSocket.on('error', () => undefined);
      webSocket.on('close', (code) => {
        this.#connections.delete(connection);
        // No closing handshake, or `slow_reader`.
        if (code === 1006 || code === closeCodes.slow_reader) this.#cut += 1;
      });
    });
  }

  /** There is a new proof: sends a heartbeat to every reader, the same frame to all that have everything. */
  prove(): void {
    if (this.#connections.size === 0) return;
    const { feed, heartbeat } = this.#shared;
    feed.flush();
    const message = heartbeat(feed.n, 0);
    if (message === undefined) return;
    for (const connection of this.#connections) connection.prove(message, feed.n);
  }

  /** Once, after the first synchronisation: welcomes the readers that have waited for it. */
  welcome(): void {
    if (this.#hasWelcomed || !this.#shared.feed.isNumbering()) return;
    this.#hasWelcomed = true;
    for (const connection of this.#connections) connection.pump();
  }

  sayGoodbye(): void {
    for (const connection of this.#connections) connection.goodbye();
  }

  close(): void {
    this.#stop.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const connection of this.#connections) connection.terminate();
  }

  async #lookRegularly(): Promise<void> {
    this.#isLooking = true;
    while (this.#connections.size > 0) {
      await pauseTogether(this.#clock, lookMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const connection of this.#connections) connection.look();
    }
    this.#isLooking = false;
  }
}

/** Answers an upgrade request without upgrading. */
export function refuseUpgrade(socket: Duplex, status: number, error: string, remedy: string): void {
  const body = JSON.stringify({ error, remedy });
  // The client may never close its half.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${error}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
