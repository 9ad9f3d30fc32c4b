import { RawConnection } from '../../http/load/raw-connection.ts';

/** A connection that is opened again when the server has closed it. A request without an answer counts as status 0. */
export class Channel {
  onAnswer: (status: number) => void = () => {};
  readonly #port: number;
  #connection: RawConnection | undefined;
  #isPending = false;

  constructor(port: number) {
    this.#port = port;
  }

  async send(request: string): Promise<void> {
    this.#isPending = true;
    try {
      this.#connection ??= await this.#open();
      this.#connection.sendText(request);
    } catch {
      this.#answered(0);
    }
  }

  close(): void {
    this.onAnswer = () => {};
    this.#connection?.close();
  }

  async #open(): Promise<RawConnection> {
    const connection = await RawConnection.open(this.#port);
    connection.onAnswer = (status) => this.#answered(status);
    connection.onFailure = () => {
      this.#connection = undefined;
      this.#answered(0);
    };
    return connection;
  }

  #answered(status: number): void {
    if (!this.#isPending) return;
    this.#isPending = false;
    this.onAnswer(status);
  }
}
