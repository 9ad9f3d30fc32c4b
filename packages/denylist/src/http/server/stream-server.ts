import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../clock.ts';
import type { AnswerFrame } from '../wire/frames/down.ts';
import { encodeDown } from '../wire/frames/down.ts';
import { maxUpFrameBytes } from '../wire/frames/frame.ts';
import { FrameWriter } from '../wire/frames/frame-writer.ts';
import type { UsageFrame } from '../wire/frames/usage.ts';
import { lookMs, streamProtocol } from '../wire/stream.ts';
import type { NumberedFeed } from './numbered-feed.ts';
import type { OwnProofs } from './own-proof.ts';
import type { Readers } from './readers.ts';
import { StreamConnection, type StreamShared } from './stream-connection.ts';

export interface StreamServerOptions {
  readonly clock: Clock;
  readonly feed: NumberedFeed;
  readonly readers: Readers;
  readonly proofs: Pick<OwnProofs, 'current'>;
  readonly maxBufferedBytes: number;
  /** 32 hex digits of this host's boot; absent where there is no such name. */
  readonly bootId: string | undefined;
  readonly usage: (frame: UsageFrame) => Promise<AnswerFrame['status']>;
}

const webSocketOptions = {
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: maxUpFrameBytes,
  // Text is refused whatever it is.
  skipUTF8Validation: true,
  /** A closing handshake that takes longer is given up. */
  closeTimeout: 3000,
  handleProtocols: () => streamProtocol,
};

/** The streams of a sidecar. One timer looks after all of them. */
export class StreamServer {
  readonly #webSockets = new WebSocketServer(webSocketOptions);
  readonly #connections = new Set<StreamConnection>();
  readonly #shared: StreamShared;
  readonly #stop = new AbortController();
  readonly #unsubscribe: readonly (() => void)[];
  #dropped = 0;
  #isOpen = false;

  constructor({ clock, feed, readers, proofs, maxBufferedBytes, bootId, usage }: StreamServerOptions) {
    const writer = new FrameWriter('slab');
    this.#shared = {
      feed,
      readers,
      maxBufferedBytes,
      bootId,
      usage,
      encode: (frame) => encodeDown(writer, frame),
      heartbeat: (n, echo) => {
        const proof = proofs.current();
        return proof && encodeDown(writer, { kind: 'heartbeat', n, echo, ...proof });
      },
    };
    const pumpAll = () => {
      for (const connection of this.#connections) connection.pump();
    };
    this.#unsubscribe = [feed.onFrame(pumpAll), readers.onAccepted(pumpAll)];
    void this.#lookAfter(clock);
  }

  get size(): number {
    return this.#connections.size;
  }

  get following(): number {
    let following = 0;
    for (const connection of this.#connections) if (connection.isFollowing) following += 1;
    return following;
  }

  /** Connections that ended without a closing handshake or were closed for being slow. */
  get cut(): number {
    return this.#dropped;
  }

  /**
   * Answers an upgrade request that has passed the checks of every route.
   *
   * @param isPermitted whether its credential is still valid; asked twice a minute.
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, isPermitted: () => boolean): void {
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
      // A broken link is followed by `close`.
      webSocket.on('error', () => undefined);
      webSocket.on('close', (code) => {
        this.#connections.delete(connection);
        if (code === 1006 || code === 4408) this.#dropped += 1;
      });
    });
  }

  /** A proof is there: a heartbeat to every reader, one and the same to those that have everything. */
  prove(): void {
    const { feed, heartbeat } = this.#shared;
    feed.flush();
    const frame = heartbeat(feed.n, 0);
    if (frame === undefined) return;
    for (const connection of this.#connections) connection.prove(frame, feed.n);
  }

  /** Readers may be waiting for the first synchronisation. */
  welcome(): void {
    if (this.#isOpen || !this.#shared.feed.isNumbering()) return;
    this.#isOpen = true;
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

  async #lookAfter(clock: Clock): Promise<void> {
    for (;;) {
      await clock.sleep(lookMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      for (const connection of this.#connections) connection.look();
    }
  }
}

/** Answers an upgrade request without upgrading. */
export function refuseUpgrade(socket: Duplex, status: number, error: string, remedy: string): void {
  const body = JSON.stringify({ error, remedy });
  socket.end(
    `HTTP/1.1 ${status} ${error}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}
