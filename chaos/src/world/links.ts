import { startTcpProxy, type TcpProxy } from '@revocast/test-support';

const host = '127.0.0.1';

/**
 * The bad network of a world, a link for each connection: r1, r2, … are those of the redis replicas to the
 * primary; each process has one to what it follows; `publisher` and `lookup` have theirs.
 */
export class Links {
  readonly #links = new Map<string, TcpProxy>();
  /** Who talks to Redis and moves to its new primary. */
  readonly #toRedis: string[] = [];

  async add(name: string, port: number): Promise<TcpProxy> {
    const link = await startTcpProxy({ target: { host, port } });
    this.#links.set(name, link);
    return link;
  }

  /** Of a process that moves to each new primary. */
  async addToRedis(name: string, port: number): Promise<TcpProxy> {
    this.#toRedis.push(name);
    return await this.add(name, port);
  }

  /** @throws Error when there is none of this name. */
  get(name: string): TcpProxy {
    const link = this.#links.get(name);
    if (link === undefined) throw new Error(`no link ${name}`);
    return link;
  }

  all(): TcpProxy[] {
    return [...this.#links.values()];
  }

  toRedis(): TcpProxy[] {
    return this.#toRedis.map((name) => this.get(name));
  }

  /** Leads a link elsewhere, from its next connection on. */
  lead(name: string, port: number): void {
    this.get(name).retarget({ host, port });
  }

  /** Leads every process but `except` to another primary, and ends their connections to the old one. */
  switchOver(port: number, except: readonly string[]): void {
    for (const name of this.#toRedis.filter((one) => !except.includes(one))) {
      this.lead(name, port);
      this.get(name).reset();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((link) => link.close()));
  }
}
