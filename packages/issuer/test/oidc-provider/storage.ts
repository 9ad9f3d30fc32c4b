import type { StoragePort } from '../../src/oidc-provider/provider.ts';

interface Stored {
  readonly model: string;
  readonly item: Record<string, unknown>;
}

/** The storage of one server: it survives a new `Provider`, as a database does. */
export interface Storage {
  /** The option `adapter` of the library. */
  readonly adapter: new (
    model: string,
  ) => StoragePort;
  /** Every write, in order, as `model.method`. */
  readonly writes: string[];
  /** Called before each write with its name; an error that it throws is the error of the write. */
  beforeWrite: (write: string) => void;
  count(model: string): number;
}

export function createStorage(): Storage {
  const items = new Map<string, Stored>();
  const storage: Omit<Storage, 'adapter'> = {
    writes: [],
    beforeWrite: () => undefined,
    count: (model) => [...items.values()].filter((stored) => stored.model === model).length,
  };
  const write = (name: string): void => {
    storage.beforeWrite(name);
    storage.writes.push(name);
  };

  /** With a private member, which a port of an application may have, too. */
  class Adapter {
    readonly #model: string;

    constructor(model: string) {
      this.#model = model;
    }

    async upsert(id: string, item: Record<string, unknown>): Promise<void> {
      items.set(`${this.#model}:${id}`, { model: this.#model, item });
    }

    async find(id: string): Promise<Record<string, unknown> | undefined> {
      return items.get(`${this.#model}:${id}`)?.item;
    }

    async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
      return [...items.values()].find(({ model, item }) => model === this.#model && item['uid'] === uid)?.item;
    }

    async findByUserCode(): Promise<undefined> {
      return undefined;
    }

    async consume(id: string): Promise<void> {
      const item = await this.find(id);
      if (item !== undefined) item['consumed'] = Math.floor(Date.now() / 1000);
    }

    async destroy(id: string): Promise<void> {
      write(`${this.#model}.destroy`);
      items.delete(`${this.#model}:${id}`);
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      write(`${this.#model}.revokeByGrantId`);
      for (const [key, { model, item }] of items) {
        if (model === this.#model && item['grantId'] === grantId) items.delete(key);
      }
    }
  }
  return Object.assign(storage, { adapter: Adapter });
}
