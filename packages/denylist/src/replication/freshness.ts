import type { Clock } from '../clock.ts';

export type FreshnessState = 'cold' | 'fresh' | 'stale';

/** Why a denylist cannot be trusted to be complete. Closed: shown in status, a metric label. */
export const staleCauses = [
  /** No complete synchronisation yet. */
  'cold',
  /** The last proof is older than `maxStalenessMs`. */
  'no_heartbeat',
  /** A hole in the history was found; a new snapshot is being taken. */
  'gap',
  /** The cap is reached: a rule that did not fit would look like "not revoked". */
  'capacity',
  /** The log began anew and what it lost is being restored. */
  'healing',
  /** The wall clock ran ahead of the monotonic one: this machine was suspended. */
  'suspended',
] as const;
export type StaleCause = (typeof staleCauses)[number];

export interface FreshnessStatus {
  readonly state: FreshnessState;
  readonly cause?: StaleCause;
  /** Wall-clock milliseconds since when it is so. */
  readonly sinceMs: number;
  /** Age of the proof in milliseconds; undefined before the first. */
  readonly proofAgeMs?: number;
}

/** That everything logged before a moment is held. */
export interface Proof {
  /** That moment on this host's monotonic clock. */
  readonly provenAtMs: number;
  /** When the heartbeat behind it was logged, in the log's clock: a canary for the latency figures. */
  readonly heartbeatLoggedAtMs?: number;
}

export interface FreshnessOptions {
  readonly clock: Clock;
  /** Milliseconds, 2000–60000, default 5000. */
  readonly maxStalenessMs: number;
  readonly onChange?: (status: FreshnessStatus) => void;
}

/**
 * Knows whether "not found" may be believed: complete, below the cap, and proven complete no longer than
 * `maxStalenessMs` ago on the monotonic clock.
 */
export class Freshness {
  readonly #clock: Clock;
  readonly #maxStalenessMs: number;
  readonly #onChange: ((status: FreshnessStatus) => void) | undefined;
  #complete = false;
  #everComplete = false;
  #healing = false;
  #full = false;
  #provenAtMs: number | undefined;
  /** Wall minus monotonic clock at the last proof, or when it last ran ahead. */
  #clockDistanceMs: number;
  #suspended = false;
  /** Monotonic time at which a suspension was noticed: it lies before. */
  #wokenAtMs = Number.NEGATIVE_INFINITY;
  #reported: FreshnessStatus;
  readonly #proofListeners = new Set<(proof: Proof) => void>();

  constructor({ clock, maxStalenessMs, onChange }: FreshnessOptions) {
    this.#clock = clock;
    this.#maxStalenessMs = maxStalenessMs;
    this.#onChange = onChange;
    this.#clockDistanceMs = clock.wallMs() - clock.monotonicMs();
    this.#reported = { state: 'cold', cause: 'cold', sinceMs: clock.wallMs() };
  }

  /** The request path's question. */
  isFresh(): boolean {
    if (!this.#complete || this.#full || this.#provenAtMs === undefined) return false;
    const now = this.#clock.monotonicMs();
    return now - this.#provenAtMs <= this.#maxStalenessMs && !this.#wasSuspended(now);
  }

  /** The tail has passed the second head of a snapshot: everything logged before is held. */
  markComplete(): void {
    this.#complete = true;
    this.#everComplete = true;
    this.assess();
  }

  /** A hole was found: nothing proven before counts any more; what is held stays held. */
  markIncomplete(): void {
    this.#complete = false;
    this.#provenAtMs = undefined;
    this.assess();
  }

  /** The log began anew: its heartbeats are not passed to {@link prove} until it is whole. Only names the cause. */
  markHealing(healing: boolean): void {
    if (this.#healing === healing) return;
    this.#healing = healing;
    this.assess();
  }

  markFull(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    this.assess();
  }

  /** Calls `listener` with every new proof. @returns a function that ends it. */
  onProof(listener: (proof: Proof) => void): () => void {
    this.#proofListeners.add(listener);
    return () => this.#proofListeners.delete(listener);
  }

  /** An older proof than the one held changes nothing. */
  prove(proof: Proof): void {
    const { provenAtMs } = proof;
    const now = this.#clock.monotonicMs();
    if (provenAtMs > now) return; // not of this host's clock: it would keep us fresh for as long as it is ahead
    if (this.#provenAtMs !== undefined && provenAtMs <= this.#provenAtMs) return;
    // A reply that waited through a suspension is a moment old by the monotonic clock and hours old in truth.
    if (this.#wasSuspended(now) && provenAtMs < this.#wokenAtMs) return;
    this.#provenAtMs = provenAtMs;
    this.#clockDistanceMs = this.#clock.wallMs() - now;
    this.#suspended = false;
    this.assess();
    for (const listener of this.#proofListeners) listener(proof);
  }

  /** Monotonic time of the newest proof: what a sidecar hands on to its readers. */
  get provenAtMs(): number | undefined {
    return this.#provenAtMs;
  }

  /** The tail has passed the last snapshot, and no hole was found since. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** Whether a complete synchronisation ever took place. */
  get everComplete(): boolean {
    return this.#everComplete;
  }

  status(): FreshnessStatus {
    this.assess();
    return this.#provenAtMs === undefined
      ? this.#reported
      : { ...this.#reported, proofAgeMs: this.#clock.monotonicMs() - this.#provenAtMs };
  }

  /** Reports a change of state, if there is one. Called on every event and, by the owner, about once a second. */
  assess(): void {
    const { state, cause } = this.#assess();
    if (state === this.#reported.state && cause === this.#reported.cause) return;
    const sinceMs = state === this.#reported.state ? this.#reported.sinceMs : this.#clock.wallMs();
    this.#reported = cause === undefined ? { state, sinceMs } : { state, cause, sinceMs };
    this.#onChange?.(this.#reported);
  }

  #assess(): { state: FreshnessState; cause?: StaleCause } {
    if (!this.#everComplete) return { state: 'cold', cause: 'cold' };
    if (this.#full) return { state: 'stale', cause: 'capacity' };
    if (this.isFresh()) return { state: 'fresh' };
    if (this.#healing) return { state: 'stale', cause: 'healing' };
    if (!this.#complete) return { state: 'stale', cause: 'gap' };
    return { state: 'stale', cause: this.#suspended ? 'suspended' : 'no_heartbeat' };
  }

  /**
   * The monotonic clock stands still while a machine is suspended or its image is restored; the wall clock does not.
   * Stays so until something is proven of a time after it was noticed.
   */
  #wasSuspended(now: number): boolean {
    const distance = this.#clock.wallMs() - now;
    if (distance - this.#clockDistanceMs > this.#maxStalenessMs) {
      this.#suspended = true;
      this.#wokenAtMs = now;
      this.#clockDistanceMs = distance;
    }
    return this.#suspended;
  }
}
