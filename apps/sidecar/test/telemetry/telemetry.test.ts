import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { type Change, type FreshnessStatus, metricPrefix, type SourceFigures } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import type { Watched } from '../../src/telemetry/measure.ts';
import { sidecarMetrics } from '../../src/telemetry/sidecar-metrics.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';

function setUp(figures?: SourceFigures, usage: Pick<Watched, 'usage'> = {}) {
  const clock = new FakeClock();
  const telemetry = createTelemetry(clock, { version: '1.2.3', node: 'v20' });
  const freshness: FreshnessStatus = { state: 'stale', cause: 'gap', sinceMs: 0 };
  telemetry.watch({
    ...usage,
    replica: {
      status: () => ({
        id: '0',
        feed: 'memory:',
        freshness,
        rules: 3,
        maxRules: 9,
        watermarkMs: 5500,
        clockOffsetMs: -250,
      }),
    },
    probes: { ready: () => ({ ok: true, check: 'freshness' }) },
    feedServer: { clients: () => ({ count: 2, open: 2, cut: 0, behind: 7 }) },
    sourceWatch: {
      latest: () => (figures === undefined ? undefined : { misconfigurations: [], unknown: [], figures }),
    },
  });
  const { observer } = telemetry;
  /** The lines of a metric without the prefix, except those with the value 0. */
  const read = async (name: string) => {
    const lines = (await telemetry.exposition.metrics()).split('\n');
    return lines
      .filter((line) => line.startsWith(`${metricPrefix}${name}`) && !line.endsWith(' 0'))
      .map((line) => line.slice(metricPrefix.length));
  };
  return { clock, telemetry, observer, read };
}

const revocation = (change: Partial<Change> = {}): Change => ({
  digest: Uint32Array.of(1, 2, 3, 4),
  rule: { deniedUntil: 1, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 },
  loggedAtMs: 1040,
  details: { id: 'a', kind: 'revoke', dimension: 'session', requestedAtMs: 1000 },
  ...change,
});

describe('the metrics of a sidecar', () => {
  it('have the name, type, help and labels of the table only', async () => {
    const { telemetry } = setUp();
    const text = await telemetry.exposition.metrics();
    const ours = new Map(sidecarMetrics.map((spec) => [`${metricPrefix}${spec.name}`, spec]));
    const exposed = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)];
    expect(exposed.length).toBeGreaterThan(15);
    for (const [, name = '', help, type] of exposed) {
      expect(ours.get(name)).toMatchObject({ type, help });
    }
  });

  it('start every closed series of a counter at 0', async () => {
    const text = await setUp().telemetry.exposition.metrics();
    expect(text).toContain('revocast_log_gaps_total{cause="chain"} 0');
    expect(text).toContain('revocast_revocation_events_total{dimension="subject_client",result="applied"} 0');
    expect(text).toContain('revocast_revocations_total{dimension="key",reason="key_compromise"} 0');
  });

  it('have no sample, instead of 0, for a figure that the source does not report', async () => {
    expect(await setUp().telemetry.exposition.metrics()).not.toMatch(/^revocast_redis_/m);
    const text = await setUp({ memoryLimitBytes: 0 }).telemetry.exposition.metrics();
    expect(text.match(/^revocast_redis_.*$/gm)).toEqual(['revocast_redis_memory_limit_bytes 0']);
  });

  it('have usage figures only after the first read', async () => {
    expect((await setUp().read('active_subjects')).concat(await setUp().read('tokens_seen'))).toEqual([]);
    const latest = () => ({ subjectsOfDay: 1, subjectsOfMonth: 2, tokensOfDay: { browser: 3 } });
    const { telemetry } = setUp(undefined, { usage: { latest } });
    const text = await telemetry.exposition.metrics();
    expect(text.match(/^revocast_(active|tokens).*$/gm)).toEqual([
      'revocast_active_subjects{period="day"} 1',
      'revocast_active_subjects{period="month"} 2',
      'revocast_tokens_seen{client_class="browser",period="day"} 3',
    ]);
  });

  it('have the figures of the source', async () => {
    const { read } = setUp({
      memoryUsedBytes: 5,
      memoryLimitBytes: 10,
      evictedKeys: 1,
      evictionPolicy: 'noeviction',
      logEntries: 2,
      logOldestMs: 1500,
    });
    expect(await read('redis_')).toEqual([
      'redis_memory_used_bytes 5',
      'redis_memory_limit_bytes 10',
      'redis_evicted_keys 1',
      'redis_eviction_policy_info{policy="noeviction"} 1',
      'redis_log_entries 2',
      'redis_log_oldest_timestamp_seconds 1.5',
    ]);
  });

  it('contain the rules and the freshness of the scrape', async () => {
    const { read } = setUp();
    expect(await read('denylist_')).toEqual([
      'denylist_rules 3',
      'denylist_limit_rules 9',
      'denylist_watermark_timestamp_seconds 5.5',
    ]);
    expect(await read('feed_state')).toEqual(['feed_state{state="stale"} 1']);
    expect(await read('clock_offset')).toEqual(['clock_offset_seconds{peer="log"} -0.25']);
    expect(await read('sidecar_ready')).toEqual(['sidecar_ready 1']);
    expect(await read('sidecar_client')).toEqual(['sidecar_clients 2', 'sidecar_client_lag_rules 7']);
    expect(await read('build_info')).toEqual(['build_info{version="1.2.3",node="v20",component="sidecar"} 1']);
  });
});

describe('time not fresh', () => {
  it('is counted from the start until first fresh, and while stale', async () => {
    const { clock, observer, read } = setUp();
    await clock.advance(2000);
    expect(await read('feed_not_fresh')).toEqual(['feed_not_fresh_seconds_total 2']);
    await clock.advance(1000);
    observer.freshnessChanged?.({ state: 'fresh', sinceMs: 0 });
    await clock.advance(60_000);
    observer.freshnessChanged?.({ state: 'stale', cause: 'gap', sinceMs: 0 });
    await clock.advance(500);
    expect(await read('feed_not_fresh')).toEqual(['feed_not_fresh_seconds_total 3.5']);
  });
});

describe('an applied revocation', () => {
  it('is measured from its request, in stages that add up', async () => {
    const { observer, read } = setUp();
    observer.changeApplied?.(revocation({ receivedAtMs: 1070 }), 'applied', 1080);
    expect(await read('revocation_latency_seconds_sum')).toEqual(['revocation_latency_seconds_sum 0.08']);
    expect(await read('revocation_stage_seconds_sum')).toEqual([
      'revocation_stage_seconds_sum{stage="publish"} 0.04',
      'revocation_stage_seconds_sum{stage="deliver"} 0.03',
      'revocation_stage_seconds_sum{stage="apply"} 0.01',
    ]);
    expect(await read('revocation_events_total')).toEqual([
      'revocation_events_total{dimension="session",result="applied"} 1',
    ]);
  });

  it('is measured from when it occurred, if that is known', async () => {
    const { observer, read } = setUp();
    const details = { id: 'a', kind: 'revoke', dimension: 'subject', requestedAtMs: 1000, occurredAtMs: 500 } as const;
    observer.changeApplied?.(revocation({ details }), 'applied', 1100);
    expect(await read('revocation_latency_seconds_sum')).toEqual(['revocation_latency_seconds_sum 0.6']);
  });

  it('counts a negative latency as 0, and in a counter of its own', async () => {
    const { observer, read } = setUp();
    observer.changeApplied?.(revocation({ receivedAtMs: 1030 }), 'applied', 1035);
    expect(await read('negative_latencies_total')).toEqual(['negative_latencies_total 1']);
    expect(await read('revocation_stage_seconds_sum{stage="deliver"')).toEqual([]);
  });

  it.each<[string, Partial<Change>, 'applied' | 'duplicate' | 'resynced']>([
    ['a duplicate', {}, 'duplicate'],
    ['a lift', { details: { id: 'a', kind: 'lift', dimension: 'session' } }, 'applied'],
    ['a re-seed', { details: { id: 'a', kind: 'reseed' } }, 'resynced'],
  ])('is not measured when it is %s', async (_name, change, result) => {
    const { observer, read } = setUp();
    observer.changeApplied?.(revocation(change), result, 1080);
    expect(await read('revocation_latency_seconds_count')).toEqual([]);
    expect(await read('revocation_events_total')).toHaveLength(1);
  });
});

describe('replication', () => {
  it('counts gaps, resyncs by their cause, epochs, re-seeds and canaries', async () => {
    const { observer, read } = setUp();
    observer.resynced?.(7);
    observer.gapFound?.('chain');
    observer.resynced?.(1);
    observer.resynced?.(0);
    observer.epochChanged?.();
    observer.reseeded?.(4);
    observer.heartbeatSeen?.(20);
    expect(await read('resyncs_total')).toEqual(['resyncs_total{cause="start"} 2', 'resyncs_total{cause="chain"} 1']);
    expect(await read('log_gaps_total')).toEqual(['log_gaps_total{cause="chain"} 1']);
    expect(await read('log_epoch_changes_total')).toEqual(['log_epoch_changes_total 1']);
    expect(await read('reseeded_rules_total')).toEqual(['reseeded_rules_total 4']);
    expect(await read('canary_latency_seconds_sum')).toEqual(['canary_latency_seconds_sum 0.02']);
    expect(await read('revocation_events_total')).toEqual([
      'revocation_events_total{dimension="unknown",result="resynced"} 8',
    ]);
  });
});

describe('requests', () => {
  it('are counted by route and status, with unknown paths as other', async () => {
    const { telemetry, read } = setUp();
    for (const [url, statusCode] of [
      ['/v1/fresh?a=b', 200],
      ['/v1/user/4711', 404],
      ['/v1/fresh', 503],
    ] as const) {
      // The two members that the code reads.
      const response = Object.assign(new EventEmitter(), { statusCode }) as unknown as ServerResponse;
      const { request } = telemetry.countRequests({ request: () => response.emit('close') }, ['/v1/fresh']);
      request({ url } as IncomingMessage, response as ServerResponse<IncomingMessage> & { req: IncomingMessage });
    }
    expect((await read('sidecar_http_requests_total')).sort()).toEqual([
      'sidecar_http_requests_total{route="/v1/fresh",code="200"} 1',
      'sidecar_http_requests_total{route="/v1/fresh",code="503"} 1',
      'sidecar_http_requests_total{route="other",code="404"} 1',
    ]);
  });
});

describe('revocations through this sidecar', () => {
  const appended = { epoch: 'e', head: 'h', loggedAtMs: 1, redisReplicas: 0, cursor: '1-0', repeated: false };
  const request = (id: string) => ({
    digest: Uint32Array.of(1, 2, 3, 4),
    statement: { kind: 'deny', until: 'longest-token' } as const,
    details: { id, kind: 'revoke', dimension: 'session', reason: 'logout' } as const,
  });

  it('are counted once each, and failed ones are not', async () => {
    const { telemetry, read } = setUp();
    const log = telemetry.countRevocations({
      async append({ details }) {
        if (details.id === 'lost') throw new Error('down');
        return { ...appended, repeated: details.id === 'again' };
      },
      restore: () => Promise.reject(new Error('not asked here')),
      denial: () => Promise.reject(new Error('not expected')),
      enforcement: () => Promise.reject(new Error('not expected')),
      close: async () => undefined,
    });
    await log.append(request('first'));
    await log.append(request('again'));
    await expect(log.append(request('lost'))).rejects.toThrow('down');
    expect(await read('revocations_total')).toEqual(['revocations_total{dimension="session",reason="logout"} 1']);
  });
});
