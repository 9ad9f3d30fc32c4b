import {
  type Clock,
  type FreshnessStatus,
  fixForFeedError,
  isNoAnswer,
  pauseTogether,
  type ReplicaStatus,
} from '@revocast/denylist/replica';
import type { SourceWatch } from './watch-source.ts';

/** The JSON body of a probe: sent with 200 if `ok`, else with 503. It contains no identity. */
export interface ProbeAnswer {
  readonly ok: boolean;
  /** The check that decided the answer. */
  readonly check: 'stopping' | 'first_snapshot' | 'source' | 'freshness' | 'event_loop';
  /** Milliseconds since the check last succeeded. Absent if that is not known. */
  readonly ageMs?: number;
  readonly cause?: string;
  /** With a limitation: stale while the API accepts tokens that it cannot check, or the source is unsafe or limited. */
  readonly degraded?: true;
  /** The first snapshot did not come within `startupMaxMs`: the API starts without it. */
  readonly gaveUp?: true;
  /** Names of wrong settings of the source (docs/redis.md). Absent if there are none. */
  readonly misconfigurations?: readonly string[];
  /** Names of settings that could not be read. */
  readonly unknown?: readonly string[];
  /** Time of the restart of the log, as long as revocations from before may be missing. */
  readonly restartedAt?: string;
  /** Code of the last failed connection to the source. */
  readonly lastError?: string;
  readonly remedy?: string;
}

export interface Probes {
  /** Succeeds once the first snapshot is applied, or `startupMaxMs` after the start. */
  startup(): ProbeAnswer;
  /** Succeeds while traffic should reach this process (`readyWhen`), and no stop was requested. */
  ready(): ProbeAnswer;
  /** Succeeds while the event loop runs. Independent of Redis: a restart repairs no outage and loses the rules in memory. */
  live(): ProbeAnswer;
  /** Makes `ready` fail from now on. */
  markStopping(): void;
  /** Stops the timer of `live`. */
  close(): void;
}

interface ProbesOptions {
  readonly replica: { status(): Pick<ReplicaStatus, 'freshness' | 'lastError' | 'restartedAtSeconds'> };
  readonly clock: Clock;
  readonly sourceWatch?: Pick<SourceWatch, 'latest' | 'refusal'>;
  /** With `accept` the API accepts tokens while stale: an unready pod would cause an outage that the policy excludes. */
  readonly whenUnknown: 'unavailable' | 'accept';
  /**
   * `synchronised`: ready since it was fresh for the first time, and degraded while stale. An outage of the source makes
   * all processes stale in the same second, and taking all of them out of service helps no request. `fresh`: ready only
   * while fresh, for a sidecar that has others beside it.
   */
  readonly readyWhen: ReadyWhen;
  /** Milliseconds after which a start without a snapshot counts as done. */
  readonly startupMaxMs: number;
  /** Called once, when that time has passed. */
  readonly onGaveUp?: () => void;
}

export type ReadyWhen = 'synchronised' | 'fresh';

const tickMs = 500;
/** Milliseconds. If no timer has run for longer, the event loop is blocked and serves no feed either. */
export const maxTickAgeMs = 10_000;

export function createProbes(options: ProbesOptions): Probes {
  const { replica, clock, sourceWatch, whenUnknown, readyWhen, startupMaxMs, onGaveUp } = options;
  const stop = new AbortController();
  const startedAtMs = clock.monotonicMs();
  let stopping = false;
  let wasFresh = false;
  let gaveUp = false;
  let tickedAtMs = clock.monotonicMs();
  void tick();

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      await pauseTogether(clock, tickMs, stop.signal);
      tickedAtMs = clock.monotonicMs();
      if (!stop.signal.aborted) observe();
    }
  }

  /** @returns the state of the replica, after what happened once is noted. */
  function observe() {
    const status = replica.status();
    const { state } = status.freshness;
    wasFresh ||= state === 'fresh';
    if (!gaveUp && state === 'cold' && clock.monotonicMs() - startedAtMs >= startupMaxMs) {
      gaveUp = true;
      onGaveUp?.();
    }
    return status;
  }

  function isReadyWhileStale(): boolean {
    return whenUnknown === 'accept' || (readyWhen === 'synchronised' && (wasFresh || gaveUp));
  }

  return {
    startup() {
      const { freshness, lastError } = observe();
      if (freshness.state !== 'cold') return { ok: true, check: 'first_snapshot' };
      const answer = notSynchronised(lastError);
      return gaveUp ? { ...answer, ok: true, gaveUp } : answer;
    },
    ready() {
      if (stopping) return { ok: false, check: 'stopping', remedy: 'none: this sidecar was asked to stop' };
      const { freshness, lastError, restartedAtSeconds } = observe();
      const setUp = describeSetUp(sourceWatch);
      if (freshness.state === 'cold') {
        const answer = { ...notSynchronised(lastError), ...setUp };
        // Without a rule, only an API that accepts what it cannot check can decide.
        return gaveUp && whenUnknown === 'accept' ? { ...answer, ok: true, degraded: true, gaveUp } : answer;
      }
      const refusal = sourceWatch?.refusal();
      if (refusal !== undefined && whenUnknown === 'unavailable') {
        return { ok: false, check: 'source', cause: refusal.name, remedy: refusal.remedy, ...setUp };
      }
      const { state, cause = 'no_heartbeat', proofAgeMs } = freshness;
      const facts = {
        check: 'freshness',
        ageMs: proofAgeMs && Math.round(proofAgeMs),
        restartedAt: restartedAtSeconds === undefined ? undefined : new Date(restartedAtSeconds * 1000).toISOString(),
        ...setUp,
      } as const;
      if (state === 'fresh') return { ok: true, ...facts };
      const answer = { ...facts, cause, lastError, remedy: remedyFor(cause, lastError) };
      return isReadyWhileStale() ? { ok: true, ...answer, degraded: true } : { ok: false, ...answer };
    },
    live() {
      const ageMs = Math.round(clock.monotonicMs() - tickedAtMs);
      if (ageMs <= maxTickAgeMs) return { ok: true, check: 'event_loop', ageMs };
      return { ok: false, check: 'event_loop', ageMs, remedy: 'restart: timers no longer run in this process' };
    },
    markStopping() {
      stopping = true;
    },
    close() {
      stop.abort();
    },
  };
}

function describeSetUp(sourceWatch: ProbesOptions['sourceWatch']): Partial<ProbeAnswer> {
  const health = sourceWatch?.latest();
  if (health === undefined) return {};
  const { misconfigurations, unknown } = health;
  return {
    degraded: misconfigurations.some(({ severity }) => severity !== 'warning') ? true : undefined,
    misconfigurations: misconfigurations.length === 0 ? undefined : misconfigurations.map(({ name }) => name),
    unknown: unknown.length === 0 ? undefined : unknown,
  };
}

function notSynchronised(lastError: string | undefined): ProbeAnswer {
  return { ok: false, check: 'first_snapshot', cause: 'cold', lastError, remedy: remedyFor('cold', lastError) };
}

/** A source that answers with a refusal does not become whole by waiting. */
function remedyFor(cause: NonNullable<FreshnessStatus['cause']>, lastError: string | undefined): string {
  const isRefused = lastError !== undefined && !isNoAnswer(lastError);
  return (isRefused ? fixForFeedError(lastError) : undefined) ?? remedies[cause];
}

const remedies: Record<NonNullable<FreshnessStatus['cause']>, string> = {
  cold: 'wait for the first snapshot; if it does not come, check that the source is up and may be read',
  no_heartbeat: 'check that the source runs, can be reached and accepts writes: no heartbeat arrives',
  gap: 'none yet: a new snapshot is being taken',
  capacity: 'raise maxRules here, with memory to match, or find the publisher that revokes that much',
  healing: 'wait for the log to become whole; a first log is declared whole by: revocast-sidecar init',
  suspended: 'none yet: this machine was suspended, the next heartbeat ends this',
};
