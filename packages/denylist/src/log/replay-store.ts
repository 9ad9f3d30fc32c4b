/** `first` once, `again` while the name is taken, `unknown` when nobody can tell. */
export type OnceAnswer = 'first' | 'again' | 'unknown';

/** Hands out each name once, across processes: for proofs that must not be shown twice. */
export interface OnceStore {
  /** Takes a name for `lifetimeMs`. Bounded in time; never rejects. */
  take(name: string, lifetimeMs: number): Promise<OnceAnswer>;
  close(): Promise<void>;
}
