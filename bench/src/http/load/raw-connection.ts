import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const headEnd = '\r\n\r\n';

/**
 * Sends one request at a time over a raw socket. An HTTP client would cost more CPU time than the measured servers, and
 * would limit the load.
 */
export class RawConnection {
  onAnswer: (status: number) => void = () => {};
  onFailure: (error: Error) => void = () => {};
  readonly #socket: Socket;
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', (error) => this.onFailure(error));
    socket.on('close', () => this.onFailure(new Error('the server closed a connection')));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  send(token: string): void {
    this.sendText(`GET /orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  }

  /** Sends a whole request, in latin1. */
  sendText(request: string): void {
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.onFailure = () => {};
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    const received = this.#received + chunk;
    const end = received.indexOf(headEnd);
    if (end < 0 || received.length < end + headEnd.length + bodyLength(received)) {
      this.#received = received;
      return;
    }
    this.#received = '';
    this.onAnswer(Number(received.slice(9, 12)));
  }
}

export async function openConnections(port: number, count: number): Promise<RawConnection[]> {
  return await Promise.all(Array.from({ length: count }, () => RawConnection.open(port)));
}

function bodyLength(answer: string): number {
  return Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1] ?? 0);
}
