import type { Clock, Random } from '../clock.ts';
import { type Feed, FeedError, type FeedPosition } from '../log/feed.ts';
import { active, activeSinceRestart, type Verdict } from '../log/look-up.ts';
import { type Reader, singleReplica } from '../log/reader.ts';
import type { DigestSet } from '../rules/digest.ts';
import { restartInForce } from '../rules/log-restart.ts';
import { defaultMaxTokenLifetimeSeconds } from '../rules/rule.ts';
import { Denylist } from '../table/denylist.ts';
import { Freshness, type FreshnessStatus } from './freshness.ts';
import { LogClock } from './log-clock.ts';
import { checkMaxStaleness, defaultMaxStalenessMs } from './max-staleness.ts';
import type { ReplicationObserver } from './observer.ts';
import { replicate } from './replicate.ts';
import type { Reseed } from './reseed.ts';

export interface ReplicaOptions {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds, 2000–60000, default 5000: how old the proof of completeness may be. */
  readonly maxStalenessMs?: number;
  /** Rules at most, default 4,000,000. At the cap the replica is not fresh; no live rule is dropped. */
  readonly maxRules?: number;
  /** Gives back to the log what it lost; only sidecars that can write it have one. */
  readonly reseed?: Reseed;
  readonly observer?: ReplicationObserver;
  /** Names this process for as long as it runs: 1–64 letters, digits, `_` or `-`. Default: drawn. */
  readonly id?: string;
  /**
   * Whether this process accepts while it does not know, so that nobody waits for it in vain. Default false. A function
   * is asked at every report: a process may learn it after its replica was opened.
   */
  readonly failOpen?: boolean | (() => boolean);
  /** For a sidecar, which speaks for those behind it instead of for itself. */
  readonly reader?: Reader;
}

export interface ReplicaStatus {
  readonly feed: string;
  readonly freshness: FreshnessStatus;
  readonly rules: number;
  readonly maxRules: number;
  /** Log clock: complete up to this time. Undefined before the first proof. */
  readonly watermarkMs?: number;
  /** The longest token lifetime that the log's rules are made for, once known. */
  readonly maxTokenLifetimeSeconds?: number;
  /** Which history is followed, once known: 16 hex digits. */
  readonly epoch?: string;
  /** Log seconds: the log began empty then, and what was revoked before may be forgotten. Absent when nothing is. */
  readonly restartedAtSeconds?: number;
  /** Log minus wall clock, once known. */
  readonly clockOffsetMs?: number;
  /** Code of the last failure to reach the feed; absent while connected. */
  readonly lastError?: string;
}

/** A denylist that follows a feed by itself. */
export interface Replica {
  readonly denylist: Denylist;
  readonly freshness: Freshness;
  readonly logClock: LogClock;
  /**
   * What this process knows of a token, now and without I/O. `revoked` is final whatever the freshness; only
   * "not found" becomes `unknown` when the list cannot be proven complete.
   *
   * @param issuedAt `iat` in claim seconds.
   */
  check(digests: DigestSet, issuedAt: number): Verdict;
  status(): ReplicaStatus;
  /** Resolves true once fresh, false after `timeoutMs`. */
  ready(options: { readonly timeoutMs: number }): Promise<boolean>;
  /** Calls `listener` after every batch with the position up to which everything is applied. */
  onPosition(listener: (position: FeedPosition) => void): () => void;
  /** Stops following. What is held stays readable. */
  close(): Promise<void>;
}

const housekeepingMs = 1000;
/** Rounds in which everything is looked at once: what has ended leaves within a minute, however much is held. */
const sweepRounds = 60;
const slicesPerTurn = 32;

/**
 * Starts following `feed`; never throws because it is out of reach.
 *
 * @throws ConfigurationError for a `maxStalenessMs` out of its bounds.
 */
export function openReplica(options: ReplicaOptions): Replica {
  const { feed, clock, random, reseed, failOpen = false } = options;
  const maxStalenessMs = checkMaxStaleness(options.maxStalenessMs ?? defaultMaxStalenessMs);
  const id = options.id ?? drawId(random);
  const reader = options.reader ?? singleReplica({ id, failOpen, maxStalenessMs });
  const stop = new AbortController();
  const waiters = new Set<() => void>();
  const positionListeners = new Set<(position: FeedPosition) => void>();
  let lastError: string | undefined;
  let maxTokenLifetimeSeconds: number | undefined;
  let epoch: string | undefined;

  const observer: ReplicationObserver = {
    ...options.observer,
    freshnessChanged(status) {
      if (status.state === 'fresh') for (const wake of waiters) wake();
      options.observer?.freshnessChanged?.(status);
    },
    positionReached(position) {
      // A connection that resumes takes no snapshot, so `connected` is not heard.
      lastError = undefined;
      for (const listener of positionListeners) listener(position);
      options.observer?.positionReached?.(position);
    },
    connectionFailed(error) {
      lastError = error instanceof FeedError ? error.code : 'unexpected';
      options.observer?.connectionFailed?.(error);
    },
    connected(position) {
      lastError = undefined;
      ({ maxTokenLifetimeSeconds, epoch } = position);
      options.observer?.connected?.(position);
    },
  };
  const denylist = new Denylist(options.maxRules === undefined ? {} : { maxRules: options.maxRules });
  const freshness = new Freshness({
    clock,
    maxStalenessMs,
    onChange: (status) => observer.freshnessChanged?.(status),
  });
  const logClock = new LogClock(clock);
  const following = replicate({
    feed,
    denylist,
    freshness,
    logClock,
    clock,
    random,
    observer,
    reader,
    signal: stop.signal,
    reseed,
  });

  const restartedAtSeconds = () => restartInForce(denylist.restart, logClock.claimSeconds());
  let toldRestart: number | undefined;
  const tellRestart = () => {
    const found = restartedAtSeconds();
    if (found === toldRestart) return;
    toldRestart = found;
    observer.restartChanged?.(found);
  };
  const keepHouse = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(housekeepingMs, stop.signal);
      freshness.assess();
      tellRestart();
      const now = logClock.agreedSeconds();
      if (now === undefined) continue;
      const lifetime = maxTokenLifetimeSeconds ?? defaultMaxTokenLifetimeSeconds;
      for (let slice = 0; slice < denylist.sweepSlices / sweepRounds; slice++) {
        denylist.forget(now, lifetime);
        // A few milliseconds of work, then whoever waits.
        if (slice % slicesPerTurn === slicesPerTurn - 1) await clock.sleep(0, stop.signal);
      }
    }
  };
  const housekeeping = keepHouse();

  let activeSince = active;
  let sinceSeconds: number | undefined;
  /** One object for as long as one restart is in force: a check allocates nothing. */
  const activeAt = (nowSeconds: number): Verdict => {
    const found = restartInForce(denylist.restart, nowSeconds);
    if (found === undefined) return active;
    if (found !== sinceSeconds) activeSince = activeSinceRestart(found);
    sinceSeconds = found;
    return activeSince;
  };

  return {
    denylist,
    freshness,
    logClock,
    check(digests, issuedAt) {
      const nowSeconds = logClock.claimSeconds();
      const dimension = denylist.denyingDimension(digests, issuedAt, nowSeconds);
      if (dimension !== undefined) return { verdict: 'revoked', dimension };
      if (freshness.isFresh()) return activeAt(nowSeconds);
      return { verdict: 'unknown', cause: unknownCause(freshness.status()) };
    },
    status() {
      const proof = freshness.provenAtMs;
      const logNow = logClock.nowMs();
      const offset = logClock.offsetMs();
      const restartedAt = restartedAtSeconds();
      return {
        feed: feed.name,
        freshness: freshness.status(),
        rules: denylist.size,
        maxRules: denylist.maxRules,
        ...(proof === undefined || logNow === undefined ? {} : { watermarkMs: logNow - (clock.monotonicMs() - proof) }),
        maxTokenLifetimeSeconds,
        epoch,
        restartedAtSeconds: restartedAt,
        clockOffsetMs: offset,
        lastError,
      };
    },
    async ready({ timeoutMs }) {
      if (freshness.isFresh()) return true;
      const waiting = new AbortController();
      const wake = () => waiting.abort();
      waiters.add(wake);
      await clock.sleep(timeoutMs, waiting.signal, true);
      waiters.delete(wake);
      return freshness.isFresh();
    },
    onPosition(listener) {
      positionListeners.add(listener);
      return () => positionListeners.delete(listener);
    },
    async close() {
      stop.abort();
      await Promise.all([following, housekeeping]);
    },
  };
}

/** 16 hex digits. */
function drawId(random: Random): string {
  const word = () =>
    Math.floor(random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
  return word() + word();
}

function unknownCause({ state, cause }: FreshnessStatus): 'cold' | 'stale' | 'capacity' | 'healing' {
  if (state === 'cold') return 'cold';
  return cause === 'capacity' || cause === 'healing' ? cause : 'stale';
}
