/** `first`: the name was free. `again`: it is taken. `unknown`: the store did not answer. */
export type ReplayAnswer = 'first' | 'again' | 'unknown';

/** Detects a name that was used before by any process: for proofs of possession, which may be sent only once. */
export interface ReplayStore {
  /** Takes a name for `lifetimeMs`. Bounded in time; never rejects. */
  take(name: string, lifetimeMs: number): Promise<ReplayAnswer>;
  close(): Promise<void>;
}
