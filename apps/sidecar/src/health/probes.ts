import {
  type Clock,
  type FreshnessStatus,
  fixForFeedError,
  isNoAnswer,
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
  /** Succeeds once the first snapshot is applied. */
  startup(): ProbeAnswer;
  /** Succeeds while the API process can decide by its policy, and no stop was requested. */
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
}

const tickMs = 500;
/** Milliseconds. If no timer has run for longer, the event loop is blocked and serves no feed either. */
export const maxTickAgeMs = 10_000;

export function createProbes({ replica, clock, sourceWatch, whenUnknown }: ProbesOptions): Probes {
  const stop = new AbortController();
  let stopping = false;
  let tickedAtMs = clock.monotonicMs();
  void tick();

  async function tick(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(tickMs, stop.signal);
      tickedAtMs = clock.monotonicMs();
    }
  }

  return {
    startup() {
      const { freshness, lastError } = replica.status();
      return freshness.state === 'cold' ? notSynchronised(lastError) : { ok: true, check: 'first_snapshot' };
    },
    ready() {
      if (stopping) return { ok: false, check: 'stopping', remedy: 'none: this sidecar was asked to stop' };
      const { freshness, lastError, restartedAtSeconds } = replica.status();
      const setUp = describeSetUp(sourceWatch);
      if (freshness.state === 'cold') return { ...notSynchronised(lastError), ...setUp };
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
      return whenUnknown === 'accept' ? { ok: true, ...answer, degraded: true } : { ok: false, ...answer };
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
