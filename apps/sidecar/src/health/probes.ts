import type { Clock, FreshnessStatus, ReplicaStatus } from '@revocast/denylist/replica';
import { type SourceWatch, unsafe } from './watch-source.ts';

/** What a probe says, as JSON; 200 when `ok`, else 503. It contains no identity. */
export interface ProbeAnswer {
  readonly ok: boolean;
  /** Which check decided. */
  readonly check: 'stopping' | 'first_snapshot' | 'source' | 'freshness' | 'event_loop';
  /** Milliseconds since the check last succeeded, where that is known. */
  readonly ageMs?: number;
  readonly cause?: string;
  /** Ready all the same: not fresh while the API beside accepts what it cannot check, or over an unsafe source. */
  readonly degraded?: true;
  /** Names of what is wrong with the set-up of the source, as in docs/redis.md; absent when nothing is. */
  readonly misconfigurations?: readonly string[];
  /** Names of what could not be looked for. */
  readonly unknown?: readonly string[];
  /** When the log began empty, while what was revoked before may be forgotten. */
  readonly restartedAt?: string;
  /** Code of the last failure to reach the source. */
  readonly lastError?: string;
  readonly remedy?: string;
}

export interface Probes {
  /** The first snapshot is applied. */
  startup(): ProbeAnswer;
  /** Worth sending traffic to: the denylist beside can answer, and no stop was requested. */
  ready(): ProbeAnswer;
  /** The event loop ticks. Independent of Redis: a restart mends no outage and costs what is held in memory. */
  live(): ProbeAnswer;
  /** From now on not ready. */
  markStopping(): void;
  /** Ends the ticking behind `live`. */
  close(): void;
}

export interface ProbesOptions {
  readonly replica: { status(): Pick<ReplicaStatus, 'freshness' | 'lastError' | 'restartedAtSeconds'> };
  readonly clock: Clock;
  readonly source?: Pick<SourceWatch, 'latest' | 'refusal'>;
  /** With `accept` the API takes tokens while stale, so an unready pod would turn a policy into an outage. */
  readonly whenUnknown: 'unavailable' | 'accept';
}

const tickMs = 500;
/** A loop that has not run its timers for this long is stuck: it serves no feed either. */
export const maxTickAgeMs = 10_000;

export function createProbes({ replica, clock, source, whenUnknown }: ProbesOptions): Probes {
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
      if (freshness.state === 'cold') return { ...notSynchronised(lastError), ...setUp(source) };
      const refusal = source?.refusal();
      if (refusal !== undefined && whenUnknown === 'unavailable') {
        return { ok: false, check: 'source', cause: refusal.name, remedy: refusal.remedy, ...setUp(source) };
      }
      const { proofAgeMs: ageMs } = freshness;
      const facts = {
        ...(ageMs === undefined ? {} : { ageMs: Math.round(ageMs) }),
        ...(restartedAtSeconds === undefined ? {} : { restartedAt: new Date(restartedAtSeconds * 1000).toISOString() }),
      };
      if (freshness.state === 'fresh') return { ok: true, check: 'freshness', ...facts, ...setUp(source) };
      const answer = { check: 'freshness', ...facts, ...explainStale(freshness, lastError), ...setUp(source) } as const;
      return whenUnknown === 'accept' ? { ok: true, degraded: true, ...answer } : { ok: false, ...answer };
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

function setUp(source: ProbesOptions['source']) {
  const health = source?.latest();
  if (health === undefined) return {};
  const { misconfigurations, unknown } = health;
  return {
    ...(unsafe(health) === undefined ? {} : { degraded: true as const }),
    ...(misconfigurations.length === 0 ? {} : { misconfigurations: misconfigurations.map(({ name }) => name) }),
    ...(unknown.length === 0 ? {} : { unknown }),
  };
}

function notSynchronised(lastError: string | undefined): ProbeAnswer {
  const remedy = 'wait for the first snapshot; if it does not come, check that the source is up and may be read';
  return { ok: false, check: 'first_snapshot', cause: 'cold', ...failure(lastError), remedy };
}

const remedies: Record<NonNullable<FreshnessStatus['cause']>, string> = {
  cold: 'wait for the first snapshot',
  no_heartbeat: 'check that the source runs, can be reached and accepts writes: no heartbeat arrives',
  gap: 'none yet: a new snapshot is being taken',
  capacity: 'raise maxRules here, with memory to match, or find the publisher that revokes that much',
  healing: 'wait for the log to become whole; a first log is declared whole by: revocast-sidecar init',
  suspended: 'none yet: this machine was suspended, the next heartbeat ends this',
};

function explainStale({ cause = 'no_heartbeat' }: FreshnessStatus, lastError: string | undefined) {
  return { cause, ...failure(lastError), remedy: remedies[cause] };
}

function failure(lastError: string | undefined) {
  return lastError === undefined ? {} : { lastError };
}
