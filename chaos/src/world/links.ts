import { type FrameProxy, startFrameProxy, startTcpProxy, type TcpProxy } from '@revocast/test-support';

const host = '127.0.0.1';

/**
 * The network of a world, with one proxy for each connection: r1, r2, … from the redis replicas to the primary; one
 * from each process to its source, with the name of the process; `publisher` and `lookup`.
 */
export class Links {
  readonly #links = new Map<string, TcpProxy>();
  readonly #targetPorts = new Map<string, number>();
  readonly #frameProxies: FrameProxy[] = [];
  /** Links to Redis that move to each new primary. */
  readonly #toRedis: string[] = [];

  async add(name: string, port: number): Promise<TcpProxy> {
    const link = await startTcpProxy({ target: { host, port } });
    this.#links.set(name, link);
    this.#targetPorts.set(name, port);
    return link;
  }

  /** Adds a link that moves to each new primary. */
  async addToRedis(name: string, port: number): Promise<TcpProxy> {
    this.#toRedis.push(name);
    return await this.add(name, port);
  }

  /** @throws Error for an unknown name. */
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

  /** Changes the target of a link, from its next connection on. */
  lead(name: string, port: number): void {
    this.#targetPorts.set(name, port);
    this.get(name).retarget({ host, port });
  }

  /** Puts a proxy of frames between a link and its target, and resets its connections. */
  async throughFrames(name: string): Promise<FrameProxy> {
    const port = this.#targetPorts.get(name);
    if (port === undefined) throw new Error(`no link ${name}`);
    const proxy = await startFrameProxy({ host, port });
    this.#frameProxies.push(proxy);
    this.lead(name, proxy.port);
    this.get(name).reset();
    return proxy;
  }

  /** Moves all links to Redis except those in `except` to another primary, and resets their connections. */
  switchOver(port: number, except: readonly string[]): void {
    for (const name of this.#toRedis.filter((one) => !except.includes(one))) {
      this.lead(name, port);
      this.get(name).reset();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.all(), ...this.#frameProxies].map((proxy) => proxy.close()));
  }
}
