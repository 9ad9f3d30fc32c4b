import type { Socket } from 'node:net';
import type { Clock } from '../../../clock.ts';
import { Handshake, type UpgradeRequest } from './handshake.ts';
import { MessageReader } from './message-reader.ts';
import { maskedMessage } from './message-writer.ts';

/** FIN and the opcode. */
const firstBytes = { binary: 0x82, close: 0x88, pong: 0x8a } as const;
/** Reported where no close frame came (RFC 6455 §7.1.5). */
const abnormalClosure = 1006;
const noCode = 1005;

/** Of these one of `refused`, `closed` and `failed` is the last, unless the owner ends the connection itself. */
export interface WebSocketEvents {
  opened(): void;
  /** The server answered without an upgrade. */
  refused(statusCode: number): void;
  /** @param data valid only during the call. */
  message(data: Buffer): void;
  pinged(): void;
  /** Code 1006: the connection ended without a closing handshake. */
  closed(code: number, reason: string): void;
  /** The connection broke, or what came could not be read ({@link MessageError}, {@link NoUpgradeError}). */
  failed(error: Error): void;
}

/** The answer is that of no HTTP server, or is an upgrade to something else. */
export class NoUpgradeError extends Error {
  override readonly name = 'NoUpgradeError';
}

export interface WebSocketOptions extends UpgradeRequest {
  readonly clock: Clock;
  /** Opens the connection, which passes what it reads to `onBytes`: valid only during the call. */
  readonly dial: (onBytes: (bytes: Buffer) => void) => Socket;
  readonly maxMessageBytes: number;
  /** Milliseconds for the closing handshake; then the connection is ended without it. */
  readonly closeTimeoutMs: number;
}

/**
 * A client of RFC 6455 for binary messages. A process that follows a sidecar receives a message for each revocation: they are
 * read from the memory of the socket, past the streams of Node, which would cost as much as everything that is done with them.
 */
export class WebSocketClient {
  readonly socket: Socket;
  /** The owner may replace it, at the latest in `opened`. */
  events: WebSocketEvents;
  readonly #clock: Clock;
  readonly #closeTimeoutMs: number;
  readonly #handshake: Handshake;
  readonly #reader: MessageReader;
  #state: 'connecting' | 'open' | 'closing' | 'over' = 'connecting';
  /** Of the close frame of the server. */
  #close: { readonly code: number; readonly reason: string } | undefined;

  constructor({ clock, dial, maxMessageBytes, closeTimeoutMs, ...request }: WebSocketOptions, events: WebSocketEvents) {
    this.events = events;
    this.#clock = clock;
    this.#closeTimeoutMs = closeTimeoutMs;
    this.#handshake = new Handshake(request);
    this.#reader = new MessageReader(maxMessageBytes, {
      message: (data) => this.events.message(data),
      ping: (data) => {
        this.#send(firstBytes.pong, data);
        this.events.pinged();
      },
      close: (code, reason) => this.#closedByServer(code, reason),
    });
    const socket = dial((bytes) => this.#take(bytes));
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', (error) => this.#over(() => this.events.failed(error)));
    socket.once('close', () => this.#disconnected());
    socket.write(this.#handshake.request);
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  /** Sends a binary message; nothing once the connection is closed or being closed. @param data copied. */
  send(data: Uint8Array): void {
    if (this.#state === 'open') this.#send(firstBytes.binary, data);
  }

  /** Begins the closing handshake. */
  close(code: number): void {
    if (this.#state !== 'open') {
      if (this.#state === 'connecting') this.terminate();
      return;
    }
    this.#state = 'closing';
    const data = Buffer.alloc(2);
    data.writeUInt16BE(code, 0);
    this.#send(firstBytes.close, data);
    this.#endLater();
  }

  /** Ends the connection at once, without further events. */
  terminate(): void {
    this.#state = 'over';
    this.socket.destroy();
  }

  #send(first: number, data: Uint8Array): void {
    if (this.socket.writable) this.socket.write(maskedMessage(first, data));
  }

  #take(bytes: Buffer): void {
    if (this.#state === 'over') return;
    if (this.#state !== 'connecting') {
      this.#read(bytes);
      return;
    }
    const answer = this.#handshake.add(bytes);
    if (answer === undefined) return;
    if (answer.kind === 'upgraded') {
      this.#state = 'open';
      this.events.opened();
      if (answer.rest.byteLength > 0) this.#read(answer.rest);
    } else if (answer.kind === 'refused') this.#fail(() => this.events.refused(answer.statusCode));
    else this.#fail(() => this.events.failed(new NoUpgradeError('expected an answer with an upgrade')));
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.add(bytes);
    } catch (error) {
      this.#fail(() => this.events.failed(error instanceof Error ? error : new Error(String(error))));
    }
  }

  /** §5.5.1: the close frame is answered with its code, and the server ends the connection (§7.1.1). */
  #closedByServer(code: number, reason: string): void {
    this.#close = { code, reason };
    if (this.#state === 'open') {
      const data = Buffer.alloc(code === noCode ? 0 : 2);
      if (code !== noCode) data.writeUInt16BE(code, 0);
      this.#send(firstBytes.close, data);
    }
    this.#state = 'closing';
    this.socket.end();
    this.#endLater();
  }

  #endLater(): void {
    const ended = new AbortController();
    this.socket.once('close', () => ended.abort());
    void this.#clock.sleep(this.#closeTimeoutMs, ended.signal).then(() => this.socket.destroy());
  }

  #disconnected(): void {
    const { code = abnormalClosure, reason = '' } = this.#close ?? {};
    this.#over(() => this.events.closed(code, reason));
  }

  #fail(tell: () => void): void {
    this.#over(tell);
    this.socket.destroy();
  }

  #over(tell: () => void): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    tell();
  }
}
