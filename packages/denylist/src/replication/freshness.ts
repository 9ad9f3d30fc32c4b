import type { Clock } from '../clock.ts';

export type FreshnessState = 'cold' | 'fresh' | 'stale';

/** Why a denylist is not proven complete. Closed: it appears in the status and is a metric label. */
export const staleCauses = [
  /** There was no complete synchronisation yet. */
  'cold',
  /** The last proof is older than `maxStalenessMs`. */
  'no_heartbeat',
  /** An entry of the history is missing; a new snapshot is being read. */
  'gap',
  /** The denylist is full: a rule that did not fit would look like "not revoked". */
  'capacity',
  /** The log lost entries and is healing: sidecars are re-seeding it. */
  'healing',
  /** The wall clock ran ahead of the monotonic one: this machine was suspended. */
  'suspended',
] as const;
export type StaleCause = (typeof staleCauses)[number];

export interface FreshnessStatus {
  readonly state: FreshnessState;
  readonly cause?: StaleCause;
  /** Wall-clock milliseconds at which the state began. */
  readonly sinceMs: number;
  /** Age of the proof in milliseconds; undefined before the first. */
  readonly proofAgeMs?: number;
}

/** Evidence that every entry logged before a moment has been applied. */
export interface Proof {
  /** That moment on this host's monotonic clock. */
  readonly provenAtMs: number;
  /** When the heartbeat behind it was logged, in the log's clock; for the latency figures. */
  readonly heartbeatLoggedAtMs?: number;
}

export interface FreshnessOptions {
  readonly clock: Clock;
  /** Milliseconds, 2000–60000, default 5000. */
  readonly maxStalenessMs: number;
  readonly onChange?: (status: FreshnessStatus) => void;
}

/**
 * Decides whether "not found" is an answer: the denylist must be complete, not full, and proven complete no longer than
 * `maxStalenessMs` ago on the monotonic clock.
 */
export class Freshness {
  readonly #options: FreshnessOptions;
  readonly #maxStalenessMs: number;
  #complete = false;
  #everComplete = false;
  #healing = false;
  #full = false;
  #provenAtMs: number | undefined;
  /** Wall minus monotonic clock at the last proof, or when a suspension was noticed. */
  #clockDistanceMs: number;
  #suspended = false;
  /** Monotonic time at which a suspension was noticed. */
  #wokenAtMs = Number.NEGATIVE_INFINITY;
  #reported: FreshnessStatus;
  readonly #proofListeners = new Set<(proof: Proof) => void>();

  constructor(options: FreshnessOptions) {
    const { clock } = options;
    this.#options = options;
    this.#maxStalenessMs = options.maxStalenessMs;
    this.#clockDistanceMs = clock.wallMs() - clock.monotonicMs();
    this.#reported = { state: 'cold', cause: 'cold', sinceMs: clock.wallMs() };
  }

  isFresh(): boolean {
    const { clock } = this.#options;
    return this.isFreshAt(clock.monotonicMs(), clock.wallMs());
  }

  /** Called for every request, with clocks that were read in it. */
  isFreshAt(monotonicMs: number, wallMs: number): boolean {
    if (!this.#complete || this.#full || this.#provenAtMs === undefined) return false;
    const isProven = monotonicMs - this.#provenAtMs <= this.#maxStalenessMs;
    return isProven && !this.#wasSuspended(monotonicMs, wallMs);
  }

  /** The tail has passed the second head of a snapshot: everything logged before is applied. */
  markComplete(): void {
    this.#complete = true;
    this.#everComplete = true;
    this.assess();
  }

  /** An entry is missing: earlier proofs are void. The rules stay. */
  markIncomplete(): void {
    this.#complete = false;
    this.#provenAtMs = undefined;
    this.assess();
  }

  /** The log is healing, or healed. Sets the cause only: the caller decides which proofs it passes on. */
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

  /** Calls `listener` with every new proof. @returns a function that removes it. */
  onProof(listener: (proof: Proof) => void): () => void {
    this.#proofListeners.add(listener);
    return () => this.#proofListeners.delete(listener);
  }

  /** Ignores a proof that is not newer than the last one. */
  prove(proof: Proof): void {
    const { clock } = this.#options;
    const { provenAtMs } = proof;
    const now = clock.monotonicMs();
    const wallMs = clock.wallMs();
    if (provenAtMs > now) return; // by the clock of another host: the replica would stay fresh too long
    if (this.#provenAtMs !== undefined && provenAtMs <= this.#provenAtMs) return;
    // A reply that was waiting during a suspension is new by the monotonic clock, and may be hours old.
    if (this.#wasSuspended(now, wallMs) && provenAtMs < this.#wokenAtMs) return;
    this.#provenAtMs = provenAtMs;
    this.#clockDistanceMs = wallMs - now;
    this.#suspended = false;
    this.assess();
    for (const listener of this.#proofListeners) listener(proof);
  }

  /** Monotonic time of the newest proof. A sidecar sends it to its readers. */
  get provenAtMs(): number | undefined {
    return this.#provenAtMs;
  }

  /** Monotonic time at which the newest proof expires. Before the first one a time that has passed. */
  get freshUntilMs(): number {
    return (this.#provenAtMs ?? Number.NEGATIVE_INFINITY) + this.#maxStalenessMs;
  }

  /** The tail has passed the second head of the last snapshot, and no gap was found since. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** Whether there ever was a complete synchronisation. */
  get everComplete(): boolean {
    return this.#everComplete;
  }

  status(): FreshnessStatus {
    this.assess();
    const provenAtMs = this.#provenAtMs;
    const proofAgeMs = provenAtMs === undefined ? undefined : this.#options.clock.monotonicMs() - provenAtMs;
    return { ...this.#reported, proofAgeMs };
  }

  /** Reports a change of state or cause. Called at every event and, by the owner, about once a second. */
  assess(): void {
    const { clock, onChange } = this.#options;
    const [state, cause] = this.#assess();
    const { state: reported, cause: reportedCause, sinceMs } = this.#reported;
    if (state === reported && cause === reportedCause) return;
    this.#reported = { state, cause, sinceMs: state === reported ? sinceMs : clock.wallMs() };
    onChange?.(this.#reported);
  }

  #assess(): [FreshnessState, StaleCause?] {
    if (!this.#everComplete) return ['cold', 'cold'];
    if (this.#full) return ['stale', 'capacity'];
    if (this.isFresh()) return ['fresh'];
    if (this.#healing) return ['stale', 'healing'];
    if (!this.#complete) return ['stale', 'gap'];
    return ['stale', this.#suspended ? 'suspended' : 'no_heartbeat'];
  }

  /**
   * The monotonic clock stands still while a machine is suspended or its image is restored; the wall clock does not. True
   * until there is a proof of a moment after the suspension was noticed.
   */
  #wasSuspended(monotonicMs: number, wallMs: number): boolean {
    const distance = wallMs - monotonicMs;
    if (distance - this.#clockDistanceMs > this.#maxStalenessMs) {
      this.#suspended = true;
      this.#wokenAtMs = monotonicMs;
      this.#clockDistanceMs = distance;
    }
    return this.#suspended;
  }
}
