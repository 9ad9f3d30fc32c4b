import type { ServerResponse } from 'node:http';

/** Bytes that may wait for one slow reader before it is cut; it resumes by position. */
export const defaultMaxBufferedBytes = 1024 * 1024;

interface Client {
  /** Who reads, if it says so. */
  readonly reader: string | undefined;
  /** Number of the change up to which it has applied everything; unknown before it says so. */
  reached: number | undefined;
}

/**
 * The readers of the event stream. A slow one never slows the others: it is cut when too much waits for it.
 */
export class EventStream {
  readonly #clients = new Map<ServerResponse, Client>();
  readonly #maxBufferedBytes: number;
  #cut = 0;
  /** Changes of this tick: a batch of a thousand is one write to each reader. */
  #pending = '';

  constructor(maxBufferedBytes = defaultMaxBufferedBytes) {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Readers cut for being slow. */
  get cut(): number {
    return this.#cut;
  }

  /** Where the slowest reader is, of those that have said where they are. */
  get slowest(): number | undefined {
    let slowest: number | undefined;
    for (const { reached } of this.#clients.values()) {
      if (reached !== undefined && (slowest === undefined || reached < slowest)) slowest = reached;
    }
    return slowest;
  }

  /** Remembered for as long as the stream is open: one that has fallen silent is the slowest of all. */
  reached(reader: string, n: number): void {
    for (const client of this.#clients.values()) if (client.reader === reader) client.reached = n;
  }

  add(response: ServerResponse, reader: string | undefined, backlog: readonly string[]): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.socket?.setNoDelay(true);
    // The backlog holds them too.
    this.flush();
    this.#clients.set(response, { reader, reached: undefined });
    response.on('close', () => this.#clients.delete(response));
    response.on('error', () => this.#clients.delete(response));
    this.#write(response, backlog.length === 0 ? ': hello\n\n' : backlog.join(''));
  }

  /** To every reader, in order, before anything else is sent and before anything is waited for. */
  send(frame: string): void {
    if (this.#clients.size === 0) return;
    if (this.#pending === '') queueMicrotask(() => this.flush());
    this.#pending += frame;
  }

  /** Sends what waits for the end of this tick. */
  flush(): void {
    const frames = this.#pending;
    if (frames === '') return;
    this.#pending = '';
    for (const response of this.#clients.keys()) this.#write(response, frames);
  }

  /** Only to those of whose reader `accept` says so. */
  sendTo(accept: (reader: string | undefined) => boolean, frame: string): void {
    this.flush();
    for (const [response, { reader }] of this.#clients) if (accept(reader)) this.#write(response, frame);
  }

  /** Ends every stream after a last frame. */
  end(frame: string): void {
    this.flush();
    for (const response of this.#clients.keys()) response.end(frame);
    this.#clients.clear();
  }

  #write(response: ServerResponse, frame: string): void {
    // `write` never refuses: a reader that stopped would fill this process's memory.
    if (response.writableLength > this.#maxBufferedBytes) {
      this.#cut += 1;
      this.#clients.delete(response);
      response.destroy();
      return;
    }
    response.write(frame);
  }
}
