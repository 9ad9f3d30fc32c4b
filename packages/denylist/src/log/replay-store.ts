/** `first` once, `again` while the name is taken, `unknown` when nobody can tell. */
export type ReplayAnswer = 'first' | 'again' | 'unknown';

/** Hands out each name once, across processes: for proofs that must not be shown twice. */
export interface ReplayStore {
  /** Takes a name for `lifetimeMs`. Bounded in time; never rejects. */
  take(name: string, lifetimeMs: number): Promise<ReplayAnswer>;
  close(): Promise<void>;
}
