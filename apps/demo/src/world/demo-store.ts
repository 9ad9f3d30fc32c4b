import { startPostgres } from '@revocast/test-support/postgres/postgres';

/** Where the issuer keeps revocations that wait for the log. */
export type StoreKind = 'memory' | 'postgres';

export interface StartedStore {
  /** Undefined for the memory of the issuer. */
  readonly postgresUrl: string | undefined;
  stop(): Promise<void>;
}

/** @throws Error when no PostgreSQL server can be started. */
export async function startStore(kind: StoreKind): Promise<StartedStore> {
  if (kind === 'memory') return { postgresUrl: undefined, stop: async () => undefined };
  const server = await startPostgres();
  return { postgresUrl: server.url, stop: () => server.stop() };
}
