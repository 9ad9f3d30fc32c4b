import type { Clock } from '../../clock.ts';
import type { Replica } from '../../replication/open-replica.ts';

/** What a sidecar can say about its own freshness, at one moment. */
export interface OwnProof {
  /** Monotonic milliseconds of this host. */
  readonly provenAtMs: number;
  readonly ageMs: number;
  /** The clock of the log at `provenAtMs`. */
  readonly logAtProofMs?: number;
  readonly heartbeatLoggedAtMs?: number;
  /** The log behind it. */
  readonly identity?: string;
}

/** Reads the proof of a replica for its readers. */
export class OwnProofs {
  readonly #replica: Pick<Replica, 'freshness' | 'logClock' | 'status'>;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #heartbeatLoggedAtMs: number | undefined;

  /** @param onProof is called with each new proof, while the replica is fresh. */
  constructor(replica: Pick<Replica, 'freshness' | 'logClock' | 'status'>, clock: Clock, onProof: () => void) {
    this.#replica = replica;
    this.#clock = clock;
    this.#stop = replica.freshness.onProof(({ heartbeatLoggedAtMs }) => {
      this.#heartbeatLoggedAtMs = heartbeatLoggedAtMs;
      // A proof is worth nothing at the cap: rules are missing.
      if (replica.freshness.isFresh()) onProof();
    });
  }

  /** @returns undefined while the replica is not fresh. */
  current(): OwnProof | undefined {
    const { freshness, logClock } = this.#replica;
    const { provenAtMs } = freshness;
    if (provenAtMs === undefined || !freshness.isFresh()) return undefined;
    const ageMs = this.#clock.monotonicMs() - provenAtMs;
    const logNowMs = logClock.nowMs();
    // Both clocks are read together, so the pair is true however late the frame is read.
    const logAtProofMs = logNowMs === undefined ? undefined : logNowMs - ageMs;
    const { identity } = this.#replica.status();
    return { provenAtMs, ageMs, logAtProofMs, heartbeatLoggedAtMs: this.#heartbeatLoggedAtMs, identity };
  }

  close(): void {
    this.#stop();
  }
}
