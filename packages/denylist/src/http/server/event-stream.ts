import type { ServerResponse } from 'node:http';

/** Server-sent events for readers of the last release. A slow one is cut when too much waits for it, and resumes. */
export class EventStream<Reader> {
  readonly #clients = new Map<ServerResponse, Reader>();
  readonly #maxBufferedBytes: number;
  #cut = 0;

  constructor(maxBufferedBytes: number) {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Readers cut for being slow. */
  get cut(): number {
    return this.#cut;
  }

  add(response: ServerResponse, reader: Reader, backlog: string): void {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.socket?.setNoDelay(true);
    this.#clients.set(response, reader);
    response.on('close', () => this.#clients.delete(response));
    response.on('error', () => this.#clients.delete(response));
    this.#write(response, backlog === '' ? ': hello\n\n' : backlog);
  }

  /** @param accepts whose readers get it; default all. */
  send(frame: string, accepts?: (reader: Reader) => boolean): void {
    for (const [response, reader] of this.#clients) if (accepts?.(reader) ?? true) this.#write(response, frame);
  }

  /** Ends every stream after a last frame. */
  end(frame: string): void {
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
