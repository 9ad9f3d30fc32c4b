import { type LifecycleStore, memoryStore } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { Pool } from 'pg';

interface OpenedStore {
  readonly store: LifecycleStore;
  readonly closeStore: () => Promise<void>;
}

/** Where revocations wait for the log: in the PostgreSQL of a URL, otherwise in memory. */
export async function openStore(url: string | undefined): Promise<OpenedStore> {
  if (url === undefined || url === '') return { store: memoryStore(), closeStore: async () => undefined };
  const pool = new Pool({ connectionString: url, max: 5 });
  // A lost idle connection is replaced. Without a listener, its error would end the process.
  pool.on('error', () => undefined);
  const store = postgresStore(pool);
  await store.migrate();
  return { store, closeStore: () => pool.end() };
}
