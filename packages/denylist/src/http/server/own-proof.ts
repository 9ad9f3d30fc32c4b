import type { Clock } from '../../clock.ts';
import type { Replica } from '../../replication/open-replica.ts';
import type { NumberedFeed } from './numbered-feed.ts';

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

export interface OwnProofsOptions {
  readonly replica: Pick<Replica, 'freshness' | 'logClock' | 'status'>;
  readonly feed: Pick<NumberedFeed, 'isWhole'>;
  readonly clock: Clock;
  /** Called with each new proof, while the replica is fresh. */
  readonly onProof: () => void;
}

/** Reads the proof of a replica for its readers. Every proof that leaves this sidecar, on any wire, comes from here. */
export class OwnProofs {
  readonly #replica: OwnProofsOptions['replica'];
  readonly #feed: OwnProofsOptions['feed'];
  readonly #clock: Clock;
  readonly #stop: () => void;
  #heartbeatLoggedAtMs: number | undefined;

  constructor({ replica, feed, clock, onProof }: OwnProofsOptions) {
    this.#replica = replica;
    this.#feed = feed;
    this.#clock = clock;
    this.#stop = replica.freshness.onProof(({ heartbeatLoggedAtMs }) => {
      this.#heartbeatLoggedAtMs = heartbeatLoggedAtMs;
      // A proof is worth nothing at the cap: rules are missing.
      if (replica.freshness.isFresh()) onProof();
    });
  }

  /** @returns undefined while the replica is not fresh, and while a change has a number and is not in the journal. */
  current(): OwnProof | undefined {
    // Readers are sent what the journal has. A proof now would state that they have a change that none of them was sent.
    if (!this.#feed.isWhole) return undefined;
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
