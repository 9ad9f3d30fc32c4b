import type { Clock, Random } from '../clock.ts';
import { checkExpectLog } from '../log/expect-log.ts';
import { type Feed, FeedError, type FeedPosition } from '../log/feed.ts';
import { active, activeSince, type UnknownCause, type Verdict } from '../log/look-up.ts';
import { type Reader, singleReplica } from '../log/reader.ts';
import type { DigestSet } from '../rules/digest.ts';
import { restartInForce } from '../rules/log-restart.ts';
import { defaultMaxTokenLifetimeSeconds, unstatedCutoffSkewSeconds } from '../rules/rule.ts';
import type { TrustedIssuers } from '../rules/trusted-issuers.ts';
import { Denylist } from '../table/denylist.ts';
import { compareSlices } from './compare-slices.ts';
import { Freshness, type FreshnessStatus } from './freshness.ts';
import { keepHouse } from './housekeeping.ts';
import { LogClock } from './log-clock.ts';
import type { LogMemory } from './log-memory.ts';
import { checkMaxStaleness, defaultMaxStalenessMs } from './max-staleness.ts';
import { fanOut, type ReplicationObserver } from './observer.ts';
import { replicate } from './replicate.ts';
import type { Reseed } from './reseed.ts';

export interface ReplicaOptions {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds, 2000–60000, default 5000: the maximum age of the proof that the denylist is complete. */
  readonly maxStalenessMs?: number | undefined;
  /** Maximum number of rules, default 4,000,000. A full replica is not fresh; it removes no rule that is in force. */
  readonly maxRules?: number | undefined;
  /** Appends rules that the log lost. Only sidecars that can write the log have one. */
  readonly reseed?: Reseed | undefined;
  /** What this process remembers of the log, to recognise it after an interruption. For sidecars. */
  readonly memory?: LogMemory | undefined;
  readonly observer?: ReplicationObserver | undefined;
  /** The identity of the log to follow, 16 hex digits. With another log the replica is not fresh. Default: any log. */
  readonly expectLog?: string | undefined;
  /** The id of this process: 1–64 letters, digits, `_` or `-`. Default: random. */
  readonly id?: string | undefined;
  /**
   * Whether this process accepts while the revocation is unknown, so that publishers do not wait for it. Default false. A
   * function is called for every report: the answer may become true after the replica was opened.
   */
  readonly failOpen?: (boolean | (() => boolean)) | undefined;
  /** Whether this process asks the log for what its denylist cannot answer. Default false. */
  readonly hasLookUp?: (boolean | (() => boolean)) | undefined;
  /** Names this process for people, at most 128 bytes. Default: the id, if one is given. */
  readonly label?: string | undefined;
  /** The issuers whose tokens it accepts, for each report. Default: unknown. */
  readonly issuers?: (() => TrustedIssuers) | undefined;
  /** For a sidecar, which reports the replicas behind it and itself as a server. */
  readonly reader?: Reader | undefined;
}

export interface ReplicaStatus {
  /** As the feed names it; a sidecar draws the id of each of its readers. */
  readonly id: string;
  readonly label?: string;
  readonly feed: string;
  readonly freshness: FreshnessStatus;
  readonly rules: number;
  readonly maxRules: number;
  /** Log clock: complete up to this time. Undefined before the first proof. */
  readonly watermarkMs?: number;
  /** The longest token lifetime that the log keeps its rules for, once known. */
  readonly maxTokenLifetimeSeconds?: number;
  /** How far ahead `iat` may be, once known: the log adds as much to a cutoff of now. */
  readonly cutoffSkewSeconds?: number;
  /** The history that is followed, once known: 16 hex digits. */
  readonly epoch?: string;
  /** The log that is followed, across its epochs, once known: 16 hex digits. */
  readonly identity?: string;
  /** Log seconds at which the log began empty, while revocations stated before may be lost. */
  readonly restartedAtSeconds?: number;
  /** Log minus wall clock, once known. */
  readonly clockOffsetMs?: number;
  /** For how long ended rules were not removed, because the two clocks disagree; absent while they do not. */
  readonly forgettingPausedMs?: number;
  /** Code of the last failure to reach the feed; undefined while connected. */
  readonly lastError?: string;
}

/** A denylist that follows a feed. */
export type Replica = Pick<FeedReplica, keyof FeedReplica>;

/**
 * Starts to follow `feed`. Never throws because the feed cannot be reached.
 *
 * @throws ConfigurationError for a `maxStalenessMs` out of its bounds.
 */
export function openReplica(options: ReplicaOptions): Replica {
  return new FeedReplica(options);
}

class FeedReplica {
  readonly denylist: Denylist;
  readonly freshness: Freshness;
  readonly logClock: LogClock;
  readonly #feed: Feed;
  readonly #reader: Reader;
  readonly #label: string | undefined;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #wakeUps = new Set<() => void>();
  readonly #positionListeners = new Set<(position: FeedPosition) => void>();
  readonly #running: readonly Promise<void>[];
  /** Of the last snapshot. */
  #position: FeedPosition | undefined;
  #lastError: string | undefined;
  readonly #memory: LogMemory | undefined;
  #identity: string | undefined;
  /** It has followed logs with different identities. */
  #isMixed = false;
  /** One object while one restart is in force, so that a check allocates nothing. */
  #active = active;

  constructor(options: ReplicaOptions) {
    const { feed, clock, random, reseed, memory, failOpen = false, hasLookUp = false, maxRules } = options;
    const expectLog = checkExpectLog(options.expectLog);
    const maxStalenessMs = checkMaxStaleness(options.maxStalenessMs ?? defaultMaxStalenessMs);
    const { id = drawId(random), label = options.id } = options;
    const { issuers } = options;
    const reader = options.reader ?? singleReplica({ id, label, failOpen, hasLookUp, maxStalenessMs, issuers });
    this.#reader = reader;
    this.#label = label;
    this.#memory = memory;
    const observer = fanOut([this.#observer(), options.observer ?? {}]);
    this.#feed = feed;
    this.#clock = clock;
    this.denylist = new Denylist({ maxRules });
    this.freshness = new Freshness({ clock, maxStalenessMs, onChange: observer.freshnessChanged });
    this.logClock = new LogClock(clock);
    const { denylist, freshness, logClock } = this;
    const parts = { denylist, freshness, logClock, clock, observer, signal: this.#stop.signal };
    const maxTokenLifetimeSeconds = () => this.#position?.maxTokenLifetimeSeconds ?? defaultMaxTokenLifetimeSeconds;
    const log = () => ({ identity: this.#identity, isMixed: this.#isMixed });
    this.#running = [
      replicate({ ...parts, feed, random, reader, reseed, memory, expectLog }),
      keepHouse({ ...parts, maxTokenLifetimeSeconds }),
      ...(reseed?.lacking === undefined ? [] : [compareSlices({ ...parts, reseed, log, maxTokenLifetimeSeconds })]),
    ];
  }

  /**
   * The verdict for a token from memory, without I/O. `revoked` is certain at every freshness; "not found" is `unknown`
   * unless the denylist is proven complete.
   *
   * @param issuedAt `iat` in claim seconds.
   */
  check(digests: DigestSet, issuedAt: number): Verdict {
    const nowSeconds = this.logClock.claimSeconds();
    const dimension = this.denylist.denyingDimension(digests, issuedAt, nowSeconds);
    if (dimension !== undefined) return { verdict: 'revoked', dimension };
    if (!this.freshness.isFresh()) return { verdict: 'unknown', cause: unknownCause(this.freshness.status()) };
    const restart = restartInForce(this.denylist.restart, nowSeconds);
    if (restart !== this.#active.restartedAtSeconds) this.#active = activeSince(restart);
    return this.#active;
  }

  status(): ReplicaStatus {
    const { size: rules, maxRules, restart } = this.denylist;
    const { maxTokenLifetimeSeconds, cutoffSkewSeconds, epoch } = this.#position ?? {};
    const freshness = this.freshness.status();
    const logNowMs = this.logClock.nowMs();
    return {
      id: this.#reader.id,
      label: this.#label,
      feed: this.#feed.name,
      freshness,
      rules,
      maxRules,
      watermarkMs:
        logNowMs === undefined || freshness.proofAgeMs === undefined ? undefined : logNowMs - freshness.proofAgeMs,
      maxTokenLifetimeSeconds,
      cutoffSkewSeconds: this.#position && (cutoffSkewSeconds ?? unstatedCutoffSkewSeconds),
      epoch,
      identity: this.#identity ?? this.#memory?.latest?.identity,
      restartedAtSeconds: restartInForce(restart, this.logClock.claimSeconds()),
      clockOffsetMs: this.logClock.offsetMs(),
      forgettingPausedMs: this.logClock.disagreementMs(),
      lastError: this.#lastError,
    };
  }

  /** Resolves to true once fresh, to false after `timeoutMs`. */
  async ready({ timeoutMs }: { readonly timeoutMs: number }): Promise<boolean> {
    if (this.freshness.isFresh()) return true;
    const waiting = new AbortController();
    const wakeUp = () => waiting.abort();
    this.#wakeUps.add(wakeUp);
    await this.#clock.sleep(timeoutMs, waiting.signal, true);
    this.#wakeUps.delete(wakeUp);
    return this.freshness.isFresh();
  }

  /** Calls `listener` after every batch, with the position up to which everything is applied. */
  onPosition(listener: (position: FeedPosition) => void): () => void {
    this.#positionListeners.add(listener);
    return () => this.#positionListeners.delete(listener);
  }

  /** Stops following. The rules can still be read. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** Lets `await using` close it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #observer(): ReplicationObserver {
    return {
      connected: (position) => {
        this.#position = position;
        this.#lastError = undefined;
      },
      positionReached: (position) => {
        // A connection that resumes reads no snapshot, so there is no event `connected`.
        this.#lastError = undefined;
        for (const listener of this.#positionListeners) listener(position);
      },
      logIdentified: (identity, before) => {
        if (before !== undefined) this.#isMixed = true;
        this.#identity = identity;
      },
      freshnessChanged: ({ state }) => {
        if (state === 'fresh') for (const wakeUp of this.#wakeUps) wakeUp();
      },
      connectionFailed: (error) => {
        this.#lastError = error instanceof FeedError ? error.code : 'unexpected';
      },
    };
  }
}

/** 16 hex digits. */
function drawId(random: Random): string {
  const digits = () =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return digits() + digits();
}

function unknownCause({ state, cause }: FreshnessStatus): UnknownCause {
  if (state === 'cold') return 'cold';
  return cause === 'capacity' || cause === 'healing' ? cause : 'stale';
}
