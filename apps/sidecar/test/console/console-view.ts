import type { ConsoleView } from '../../src/console/console-view.ts';

/** The view of a fresh sidecar without revocations, with the changes of the test. */
export function viewOf(changes: Partial<ConsoleView> = {}): ConsoleView {
  return {
    nowMs: Date.UTC(2026, 0, 1, 12, 0, 0),
    version: '1.2.3',
    maxStalenessMs: 5000,
    status: statusOf(),
    readiness: { ok: true, check: 'freshness' },
    misconfigurations: [],
    streams: 0,
    replicas: [],
    revocations: [],
    heartbeats: [],
    countByReason: new Map(),
    ...changes,
  };
}

export function statusOf(changes: Partial<ConsoleView['status']> = {}): ConsoleView['status'] {
  return {
    id: '0123456789abcdef',
    feed: 'redis://redis:6379',
    freshness: { state: 'fresh', sinceMs: Date.UTC(2026, 0, 1, 11, 0, 0), proofAgeMs: 312 },
    rules: 1_234_567,
    maxRules: 4_000_000,
    ...changes,
  };
}
