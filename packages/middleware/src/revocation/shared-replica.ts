import {
  backdatingSeconds,
  type Change,
  type Clock,
  type DigestSet,
  type Feed,
  fanOut,
  openReplica,
  type Random,
  type Replica,
  type ReplicaStatus,
  type ReplicationObserver,
  type RevocationTimes,
  type TrustedIssuers,
  timesOf,
  unionOfIssuers,
  unstatedCutoffSkewSeconds,
  type Verdict,
} from '@revocast/denylist/replica';
import { type Accept, type ExposedAccept, RecentAccepts } from './recent-accepts.ts';

/** The events of replication, and those of the process that follows the feed. */
export interface FeedObserver extends ReplicationObserver {
  /** The feed could not be opened: an invalid option, or ioredis is missing. */
  openFailed?(error: unknown): void;
  /** A rule arrived after the acceptance of a request that it covers. */
  exposureFound?(accept: ExposedAccept): void;
}

export interface SharedReplicaOptions {
  /** Without credentials. */
  readonly name: string;
  /** Names this process for people. */
  readonly label?: string;
  readonly open: () => Feed | Promise<Feed>;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxStalenessMs: number;
  readonly maxRules: number;
  /** The identity of the log; default any. */
  readonly expectLog?: string;
}

/**
 * One denylist of this process and its feed, shared by every verifier with the same feed. Opening never throws: until the
 * feed is open, each verdict is `unknown`.
 */
export class SharedReplica {
  readonly name: string;
  readonly #clock: Clock;
  readonly #maxStalenessMs: number;
  readonly #recentAccepts: RecentAccepts;
  readonly #observers = new Set<FeedObserver>();
  readonly #opening: Promise<void>;
  #replica: Replica | undefined;
  #keptSeconds: number | undefined;
  #skewMs: number | undefined;
  #notFreshSinceMs: number | undefined;
  #notFreshMs = 0;
  #failsOpen = false;
  #hasLookUp = false;
  #issuers: TrustedIssuers = '';
  #closed = false;

  constructor(options: SharedReplicaOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#notFreshSinceMs = options.clock.monotonicMs();
    this.#maxStalenessMs = options.maxStalenessMs;
    this.#recentAccepts = new RecentAccepts({ boundMs: options.maxStalenessMs });
    this.#opening = this.#open(options);
  }

  async #open({ open, ...options }: SharedReplicaOptions): Promise<void> {
    try {
      const opened = open();
      const feed = opened instanceof Promise ? await opened : opened;
      if (!this.#closed)
        this.#replica = openReplica({
          ...options,
          feed,
          observer: this.#observer(),
          failOpen: () => this.#failsOpen,
          hasLookUp: () => this.#hasLookUp,
          issuers: () => this.#issuers,
        });
    } catch (error) {
      // One turn later: the creator of this object subscribes first.
      await Promise.resolve();
      for (const observer of this.#observers) observer.openFailed?.(error);
    }
  }

  /** Sends all further events to `observer`, once also when it subscribes twice. @returns a function that ends it. */
  subscribe(observer: FeedObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /**
   * Declares that a verifier or a route accepts tokens with an unknown verdict: this process must not confirm that a
   * revocation is enforced. Not reversible, because routes are not removed.
   */
  failOpen(): void {
    this.#failsOpen = true;
  }

  /** Declares that a verifier asks the log where the denylist cannot answer. Not reversible either. */
  withLookUp(): void {
    this.#hasLookUp = true;
  }

  /** Declares the issuers that a verifier trusts, so that a revocation for another one warns. Not reversible either. */
  trust(issuers: TrustedIssuers): void {
    this.#issuers = unionOfIssuers([this.#issuers, issuers]);
  }

  /** The verdict of this process about a token, without I/O. */
  check(digests: DigestSet, issuedAt: number): Verdict {
    return this.#replica?.check(digests, issuedAt) ?? { verdict: 'unknown', cause: 'cold' };
  }

  /** The version of the rules ({@link Denylist.version}); -1 until the feed is open. */
  get version(): number {
    return this.#replica?.denylist.version ?? -1;
  }

  /** The same while the denylist is fresh; undefined while it is not. */
  freshVersionAt(monotonicMs: number, wallMs: number): number | undefined {
    const replica = this.#replica;
    return replica?.freshness.isFreshAt(monotonicMs, wallMs) ? replica.denylist.version : undefined;
  }

  /** Keeps an accepted request for a while: a rule that covers it may arrive. */
  accepted(accept: Accept): void {
    this.#recentAccepts.add(accept);
  }

  isFresh(): boolean {
    return this.#replica?.freshness.isFresh() ?? false;
  }

  /** Monotonic milliseconds since which the denylist is not fresh; to be read while it is not. */
  get staleSinceMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const freshUntilMs = this.#replica?.freshness.freshUntilMs ?? Number.NEGATIVE_INFINITY;
    return freshUntilMs === Number.NEGATIVE_INFINITY ? nowMs : Math.min(nowMs, freshUntilMs);
  }

  /**
   * The longest token lifetime for which the log keeps its rules: that of the log, and the time by which tokens may be dated
   * back. Undefined until the feed is connected.
   */
  get keptSeconds(): number | undefined {
    return this.#keptSeconds;
  }

  /** By how much the log adds to a cutoff of now. Undefined until the feed is connected. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /** Milliseconds during which the denylist was not fresh, until now. */
  get notFreshMs(): number {
    const since = this.#notFreshSinceMs;
    return this.#notFreshMs + (since === undefined ? 0 : this.#clock.monotonicMs() - since);
  }

  /** Undefined until the feed is open. */
  status(): ReplicaStatus | undefined {
    return this.#replica?.status();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening;
    await this.#replica?.close();
  }

  #observer(): ReplicationObserver {
    const own: ReplicationObserver = {
      connected: ({ maxTokenLifetimeSeconds, cutoffSkewSeconds = unstatedCutoffSkewSeconds }) => {
        this.#skewMs = cutoffSkewSeconds * 1000;
        this.#keptSeconds = maxTokenLifetimeSeconds + backdatingSeconds;
      },
      freshnessChanged: ({ state }) => this.#countNotFresh(state === 'fresh'),
      changeApplied: (change, result, appliedAtMs) => {
        const times = result === 'applied' ? timesOf(change, appliedAtMs) : undefined;
        if (times !== undefined) this.#findExposed(change, times);
      },
    };
    return fanOut([own, fanOut(this.#observers)]);
  }

  #findExposed(change: Change, times: RevocationTimes): void {
    for (const accept of this.#recentAccepts.coveredBy(change, times, this.#clock.monotonicMs())) {
      for (const observer of this.#observers) observer.exposureFound?.(accept);
    }
  }

  #countNotFresh(fresh: boolean): void {
    if (!fresh) {
      this.#notFreshSinceMs ??= this.#clock.monotonicMs() - this.#overdueMs();
      return;
    }
    this.#notFreshMs = this.notFreshMs;
    this.#notFreshSinceMs = undefined;
  }

  /** Silence is noticed within a second. The denylist became stale earlier, when the last proof exceeded its age. */
  #overdueMs(): number {
    const provenAtMs = this.#replica?.freshness.provenAtMs;
    return provenAtMs === undefined ? 0 : Math.max(0, this.#clock.monotonicMs() - provenAtMs - this.#maxStalenessMs);
  }
}
