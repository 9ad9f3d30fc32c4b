// The entry `@revocast/issuer/postgres`: the store in PostgreSQL. Needs `pg` 8.

export type { PgClient, PgPool } from './postgres/pg.ts';
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres/postgres-store.ts';
