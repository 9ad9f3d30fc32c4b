/** A stored item of oidc-provider: a JSON object with members of the library. */
export interface StoredItem {
  readonly uid?: string;
  readonly grantId?: string;
  readonly accountId?: string;
  consumed?: number;
  readonly [member: string]: unknown;
}

/** The storage port of oidc-provider, for one of its models (`Session`, `Grant`, `RefreshToken`, …). */
export interface StoreAdapter {
  upsert(id: string, item: StoredItem, expiresInSeconds?: number): Promise<void>;
  find(id: string): Promise<StoredItem | undefined>;
  findByUid(uid: string): Promise<StoredItem | undefined>;
  findByUserCode(): Promise<undefined>;
  consume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  revokeByGrantId(grantId: string): Promise<void>;
}

export interface MemoryStore {
  adapterFor(model: string): StoreAdapter;
  /** Ends the sessions, grants, codes and refresh tokens of an account: nothing new can be minted from them. */
  forgetAccount(accountId: string): void;
}

interface Entry {
  readonly model: string;
  readonly item: StoredItem;
  readonly expiresAtMs: number;
}

/**
 * Keeps every item until it expires. The memory adapter of the library holds 1,000 items and then evicts sessions and
 * refresh tokens, which would look like logouts in a scene with hundreds of logins.
 */
export function createMemoryStore(nowMs: () => number): MemoryStore {
  const entries = new Map<string, Entry>();
  const keysByUid = new Map<string, string>();

  const get = (key: string | undefined): StoredItem | undefined => {
    const entry = key === undefined ? undefined : entries.get(key);
    if (key === undefined || entry === undefined) return undefined;
    if (entry.expiresAtMs > nowMs()) return entry.item;
    remove(key, entry);
    return undefined;
  };
  const remove = (key: string, { item }: Entry): void => {
    entries.delete(key);
    if (item.uid !== undefined && keysByUid.get(item.uid) === key) keysByUid.delete(item.uid);
  };
  const removeWhere = (matches: (entry: Entry) => boolean): void => {
    for (const [key, entry] of entries) if (matches(entry)) remove(key, entry);
  };

  return {
    adapterFor: (model) => ({
      async upsert(id, item, expiresInSeconds) {
        const key = `${model}:${id}`;
        const expiresAtMs = expiresInSeconds === undefined ? Infinity : nowMs() + expiresInSeconds * 1000;
        entries.set(key, { model, item, expiresAtMs });
        if (item.uid !== undefined) keysByUid.set(item.uid, key);
      },
      find: async (id) => get(`${model}:${id}`),
      findByUid: async (uid) => get(keysByUid.get(uid)),
      findByUserCode: async () => undefined, // used only by the device flow, which is off
      async consume(id) {
        const item = get(`${model}:${id}`);
        if (item !== undefined) item.consumed = Math.floor(nowMs() / 1000);
      },
      async destroy(id) {
        const entry = entries.get(`${model}:${id}`);
        if (entry !== undefined) remove(`${model}:${id}`, entry);
      },
      revokeByGrantId: async (grantId) =>
        removeWhere((entry) => entry.model === model && entry.item.grantId === grantId),
    }),
    forgetAccount: (accountId) => removeWhere(({ item }) => item.accountId === accountId),
  };
}
