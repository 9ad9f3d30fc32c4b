import type { IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import { type Clock, pauseTogether } from '../../clock.ts';
import { FeedError, FeedGap } from '../../log/feed.ts';
import { readTlsFiles } from '../../sources/read-tls-files.ts';
import type { HttpSource } from '../../sources/source.ts';
import { type DownFrame, decodeDown } from '../wire/frames/down.ts';
import { FrameError, maxDownFrameBytes } from '../wire/frames/frame.ts';
import { closeCodes, lookMs, silentLooks, streamProtocol } from '../wire/stream.ts';
import { paths, readTimeoutMs } from '../wire/wire.ts';
import { authorizationFor, describeFailure, type HttpClient } from './client.ts';

/** A sidecar on this host that does not run is dialled again within this time: only its start has to be waited for. */
const sameHostRetryMs = 100;
/**
 * How a dial fails while no sidecar runs: no listener, no socket file, or a port forwarder in front of it (Docker's, ssh's)
 * that accepts every connection and closes it.
 */
const absentCodes: readonly string[] = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET'];
/** A closing handshake that takes longer is given up. */
const closeTimeoutMs = 1000;

/** The reader's end of a stream: frames as they come. */
export class StreamSocket {
  readonly #name: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #frames: DownFrame[] = [];
  #failure: Error | undefined;
  #isPinged = false;
  #wake: () => void = () => {};
  readonly #closed = new AbortController();
  /** Is given each frame before {@link next} returns it. */
  onFrame: (frame: DownFrame) => void = () => {};

  constructor(name: string, webSocket: WebSocket, socket: Socket) {
    this.#name = name;
    this.#webSocket = webSocket;
    this.#socket = socket;
    webSocket.on('message', (data, isBinary) => this.#receive(isBinary && Buffer.isBuffer(data) ? data : undefined));
    webSocket.on('ping', () => {
      this.#isPinged = true;
      this.#wake();
    });
    webSocket.on('close', (code, reason) => this.fail(closedBecause(name, code, reason.toString())));
    webSocket.on('error', (error) => this.fail(brokenBecause(name, error)));
  }

  /** Aborts when the stream is over. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  send(frame: Buffer): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.send(frame);
  }

  /**
   * Everything that has come since the last call, in order; waits when that is nothing, at most until the next ping, which
   * is no frame.
   *
   * @throws FeedError or FeedGap once the stream is over and every frame was returned.
   */
  async next(): Promise<readonly DownFrame[]> {
    if (this.#frames.length === 0 && this.#failure === undefined && !this.#isPinged) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isPinged = false;
    const frames = this.#frames;
    if (frames.length === 0 && this.#failure !== undefined) throw this.#failure;
    this.#frames = [];
    return frames;
  }

  /**
   * Drops a link that is silent, and calls `onLook` twice a second until the stream is over. A link that loses packets
   * reports no error.
   */
  async watch(clock: Clock, onLook: () => void): Promise<void> {
    let bytesRead = -1;
    for (let silent = 0; silent < silentLooks; ) {
      await pauseTogether(clock, lookMs, this.#closed.signal);
      if (this.#closed.signal.aborted) return;
      silent = this.#socket.bytesRead === bytesRead ? silent + 1 : 0;
      bytesRead = this.#socket.bytesRead;
      onLook();
    }
    this.fail(new FeedError('timeout', `${this.#name} fell silent`));
  }

  /** Ends the stream; {@link next} throws `error` after the frames that have come. */
  fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#closed.abort();
    this.#wake();
    this.#webSocket.terminate();
  }

  /** Takes no more frames; what is sent before {@link close} still goes out. */
  stop(): void {
    this.#failure ??= new FeedError('closed', `the stream to ${this.#name} was closed`);
    this.#closed.abort();
    this.#wake();
  }

  close(): void {
    this.stop();
    this.#webSocket.close(1000);
  }

  #receive(data: Buffer | undefined): void {
    if (this.#failure !== undefined) return;
    try {
      if (data === undefined) throw new FrameError('malformed', 'expected a binary message');
      const frame = decodeDown(data);
      this.#frames.push(frame);
      this.onFrame(frame);
      this.#wake();
    } catch (error) {
      const isDamage = error instanceof FrameError;
      this.fail(isDamage ? new FeedGap('unreadable', `${this.#name}: ${error.message}`) : unexpected(error));
    }
  }
}

/** What the WebSocket itself cannot read is a gap like a damaged frame: the same bytes would come again from the same position. */
function brokenBecause(name: string, error: Error): Error {
  const isDamage = 'code' in error && String(error.code).startsWith('WS_ERR_');
  if (isDamage) return new FeedGap('unreadable', `${name}: ${error.message}`);
  return new FeedError('closed', `${name} broke the stream`, { cause: error });
}

function unexpected(error: unknown): Error {
  return error instanceof Error ? error : new Error('a frame could not be taken', { cause: error });
}

const webSocketOptions = { perMessageDeflate: false, maxPayload: maxDownFrameBytes, closeTimeout: closeTimeoutMs };

/**
 * Opens a stream.
 *
 * @returns undefined when the sidecar is of the last release and has none.
 * @throws FeedError
 */
export async function openStream(client: HttpClient, clock: Clock): Promise<StreamSocket | undefined> {
  const { source, signal } = client;
  const headers = await authorizationFor(client);
  const url = new URL(`${source.baseUrl}${paths.stream}`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = dial(source, url, source.tls && (await readTlsFiles(source.tls, source.name)));
  const webSocket = new WebSocket(url, streamProtocol, {
    ...webSocketOptions,
    headers,
    createConnection: () => socket,
  });
  const settled = new AbortController();
  const ended = AbortSignal.any([signal, settled.signal]);
  ended.addEventListener('abort', () => webSocket.readyState === WebSocket.CONNECTING && webSocket.terminate());
  try {
    return await new Promise((resolve, reject) => {
      webSocket.once('open', () => {
        webSocket.removeAllListeners();
        const stream = new StreamSocket(source.name, webSocket, socket);
        signal.addEventListener('abort', () => stream.stop(), { once: true });
        resolve(stream);
      });
      webSocket.once('unexpected-response', (_request, response) => {
        response.resume();
        // Where there is no such path the sidecar is older than the stream.
        if (response.statusCode === 404) resolve(undefined);
        else reject(refusedBecause(source.name, response));
      });
      webSocket.on('error', (error) => reject(unreachableBecause(source, error)));
      // A link that loses packets reports no error.
      void clock.sleep(readTimeoutMs, ended).then(() => {
        reject(new FeedError('timeout', `${source.name} did not answer the upgrade`));
      });
    });
  } finally {
    settled.abort();
  }
}

/** A stream must not keep the process alive: the socket is unreferenced before it is connected. */
function dial({ socketPath }: HttpSource, url: URL, tls: ConnectionOptions | undefined): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (tls === undefined ? 80 : 443));
  const servername = tls?.servername ?? (isIP(host) === 0 ? host : undefined);
  const socket =
    socketPath !== undefined
      ? connectTcp({ path: socketPath })
      : tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ ...tls, host, port, servername });
  return socket.unref();
}

function unreachableBecause(source: HttpSource, error: Error): FeedError {
  const code = 'code' in error ? String(error.code) : '';
  // The system has a code for each of its failures. Without one, or with that of the parser, what came is no upgrade.
  if (code === '' || code.startsWith('HPE_')) {
    return new FeedError('upgrade_refused', upgradeFix(source.name, 'an answer that is no upgrade'), { cause: error });
  }
  const isAbsent = source.sameHost && absentCodes.includes(code);
  return new FeedError('unreachable', describeFailure(source.name, error), {
    cause: error,
    retryWithinMs: isAbsent ? sameHostRetryMs : undefined,
  });
}

function refusedBecause(name: string, { statusCode = 0 }: IncomingMessage): FeedError {
  // A sidecar of the last release answers 503.
  if (statusCode === 429 || statusCode === 503)
    return new FeedError('not_ready', `${name} takes no more readers: raise maxReaders`);
  if (statusCode === 401) return new FeedError('refused', `${name} answered 401: it wants a bearer token (tokenFile)`);
  if (statusCode === 403 || statusCode === 421) {
    return new FeedError('refused', `${name} answered ${statusCode}: list the name of this host in its allowedHosts`);
  }
  return new FeedError('upgrade_refused', upgradeFix(name, String(statusCode)));
}

function upgradeFix(name: string, found: string): string {
  return `expected 101 from ${name}, found ${found}: a proxy between must pass WebSockets over HTTP/1.1 (Upgrade and Connection)`;
}

function closedBecause(name: string, code: number, reason: string): Error {
  if (code === closeCodes.position_lost) return new FeedGap('position_lost', `${name} no longer has our position`);
  if (code === closeCodes.token_revoked)
    return new FeedError('refused', `${name} does not accept our token any longer`);
  if (code === closeCodes.bad_frame) return new FeedError('protocol', `${name} could not read what we sent`);
  if (code === closeCodes.too_many_readers) return new FeedError('not_ready', `${name} takes no more readers`);
  return new FeedError('closed', `${name} closed the stream (${code}${reason === '' ? '' : ` ${reason}`})`);
}
