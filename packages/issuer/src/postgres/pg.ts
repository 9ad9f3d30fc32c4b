/** The part of a `Pool` of `pg` 8 that is used. Typed by shape, so that the package is not needed without PostgreSQL. */
export interface PgPool {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  connect(): Promise<PgClient>;
}

/** A client that a pool has handed out. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  /** `true` ends the session: the pool does not use it again. */
  release(destroy?: boolean): void;
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  /** Whether an open session keeps the process alive. In `pg` since 8.7. */
  ref?(): void;
  unref?(): void;
}
