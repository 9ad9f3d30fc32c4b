import { describe, expect, it } from '@jest/globals';
import { type MetricSpec, metricPrefix } from '@revocast/denylist/replica';
import { Counter, Registry } from 'prom-client';
import type { Decision } from '../../src/decision.ts';
import { reasons } from '../../src/errors.ts';
import { middlewareMetrics } from '../../src/telemetry/middleware-metrics.ts';
import { prometheusTelemetry } from '../../src/telemetry/prometheus.ts';

function register(registry = new Registry()) {
  const telemetry = prometheusTelemetry({ registry, version: '0.0.0', node: 'v0' });
  const [feedObserver = {}] = telemetry.feedObservers;
  return { registry, telemetry, feedObserver };
}

const accepted = { outcome: 'accepted', issuerAlias: 'idp', cached: true, auth: {} } as Decision;

describe('the metrics', () => {
  it('are exactly those of the table', async () => {
    const { registry } = register();
    const expected = middlewareMetrics.map(({ name }) => metricPrefix + name);
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(expected);
  });

  it('start every reason of every issuer at 0', async () => {
    const { registry, telemetry } = register();
    telemetry.expectIssuer('idp');
    const text = await registry.metrics();
    for (const reason of reasons) {
      expect(text).toMatch(new RegExp(`verifications_total\\{outcome="\\w+",reason="${reason}",issuer="unknown"\\} 0`));
      expect(text).toMatch(new RegExp(`verifications_total\\{outcome="\\w+",reason="${reason}",issuer="idp"\\} 0`));
    }
    expect(text).toContain('revocast_revocation_leaked_requests_total{dimension="token"} 0');
    expect(text).toContain('revocast_revocation_latency_seconds_count 0');
    expect(text).toContain('revocast_build_info{version="0.0.0",node="v0",component="middleware"} 1');
  });

  it('start every result of the keys of an issuer at 0', async () => {
    const { registry, telemetry } = register();
    telemetry.keySourceObserver('idp');
    const text = await registry.metrics();
    for (const line of [
      'revocast_jwks_key_lookups_total{issuer="idp",result="unknown_kid"} 0',
      'revocast_jwks_fetches_total{issuer="idp",result="timeout"} 0',
      'revocast_jwks_fetch_duration_seconds_count{issuer="idp"} 0',
      'revocast_jwks_last_success_timestamp_seconds{issuer="idp"} 0',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('are registered once on one registry', () => {
    const registry = new Registry();
    expect(register(registry).telemetry).toBe(register(registry).telemetry);
  });

  it('are registered again on a registry that was cleared, with what was counted', async () => {
    const { registry, telemetry } = register();
    telemetry.failedOpen();
    registry.clear();
    expect(prometheusTelemetry({ registry, version: '1.2.3', node: 'v20' })).toBe(telemetry);
    expect(await registry.metrics()).toContain('revocast_fail_open_accepts_total 1');
  });

  it('reject a registry that already has one of their names', () => {
    const registry = new Registry();
    new Counter({ name: 'revocast_denylist_rules', help: 'x', registers: [registry] });
    expect(() => register(registry)).toThrow('already has a metric revocast_denylist_rules');
  });

  it('are read by prom-client as text, as OpenMetrics and as JSON', async () => {
    const registry = new Registry();
    const { telemetry } = register(registry);
    telemetry.decided(accepted, 'enforced', 0.2);
    const bucket = 'revocast_verification_duration_seconds_bucket{le="0.00025",outcome="accepted",path="cached"} 1';
    expect(await registry.metrics()).toContain(bucket);
    expect(await registry.getMetricsAsJSON()).toHaveLength(registry.getMetricsAsArray().length);
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    expect(await registry.metrics()).toContain('# TYPE revocast_verifications counter');
  });

  it('count histograms cumulatively, with sum and count', async () => {
    const { registry, feedObserver } = register();
    for (const latencyMs of [1, 1.1, 7_200_000]) feedObserver.heartbeatSeen?.(latencyMs);
    const text = await registry.metrics();
    expect(text).toContain('revocast_canary_latency_seconds_bucket{le="0.001"} 1');
    expect(text).toContain('revocast_canary_latency_seconds_bucket{le="0.0025"} 2');
    expect(text).toContain('revocast_canary_latency_seconds_bucket{le="3600"} 2');
    expect(text).toContain('revocast_canary_latency_seconds_bucket{le="+Inf"} 3');
    expect(text).toContain('revocast_canary_latency_seconds_sum 7200.0021');
    expect(text).toContain('revocast_canary_latency_seconds_count 3');
  });

  it('distinguish anonymous and report-only requests from rejections', async () => {
    const { registry, telemetry } = register();
    const missing = { outcome: 'rejected', reason: 'missing_token', issuerAlias: 'unknown', cached: false } as const;
    telemetry.decided(missing, 'anonymous', 1);
    telemetry.decided({ ...missing, reason: 'expired' }, 'report-only', 1);
    const text = await registry.metrics();
    expect(text).toContain('{outcome="accepted",reason="missing_token",issuer="unknown"} 1');
    expect(text).toContain('{outcome="rejected",reason="missing_token",issuer="unknown"} 0');
    expect(text).toContain('{outcome="would_reject",reason="expired",issuer="unknown"} 1');
  });

  it('count a revocation by stages that add up, and negative latencies as zero', async () => {
    const { registry, feedObserver } = register();
    const change = {
      digest: new Uint32Array(4),
      rule: { deniedUntil: 1, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 },
      loggedAtMs: 1_010,
      receivedAtMs: 1_030,
      details: { id: 'x', kind: 'revoke', dimension: 'session', requestedAtMs: 1_000 },
    } as const;
    feedObserver.changeApplied?.(change, 'applied', 1_060);
    feedObserver.changeApplied?.({ ...change, receivedAtMs: 1_005 }, 'applied', 1_060);
    const text = await registry.metrics();
    expect(text).toContain('revocast_revocation_latency_seconds_sum 0.12');
    expect(text).toContain('revocast_revocation_stage_seconds_sum{stage="publish"} 0.02');
    expect(text).toContain('revocast_revocation_stage_seconds_sum{stage="deliver"} 0.02');
    expect(text).toContain('revocast_negative_latencies_total 1');
    expect(text).toContain('revocast_revocation_events_total{dimension="session",result="applied"} 2');
  });

  it('count no latency for a change without a time, and the cause of a resync', async () => {
    const { registry, feedObserver } = register();
    feedObserver.resynced?.(5);
    feedObserver.gapFound?.('chain');
    feedObserver.resynced?.(7);
    const text = await registry.metrics();
    expect(text).toContain('revocast_resyncs_total{cause="start"} 1');
    expect(text).toContain('revocast_resyncs_total{cause="chain"} 1');
    expect(text).toContain('revocast_log_gaps_total{cause="chain"} 1');
    expect(text).toContain('revocast_revocation_events_total{dimension="unknown",result="resynced"} 12');
    expect(text).toContain('revocast_revocation_latency_seconds_count 0');
  });
});

describe('the metric table', () => {
  const specs: readonly MetricSpec[] = middlewareMetrics;

  it('names base units, and _total on counters only', () => {
    for (const { name, type } of specs) expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    for (const { name, unit } of specs.filter(({ unit }) => unit === 'seconds' || unit === 'bytes')) {
      expect(name).toMatch(new RegExp(`_${unit}(_total)?$`));
    }
  });

  it('has buckets in ascending order for histograms only', () => {
    for (const { name, type, buckets } of specs) {
      expect([name, buckets !== undefined]).toEqual([name, type === 'histogram']);
      expect(buckets ?? []).toEqual([...(buckets ?? [])].sort((one, other) => one - other));
    }
  });

  it('has no label that could identify a person, a token or a path', () => {
    const labels = new Set(specs.flatMap(({ labels }) => Object.keys(labels)));
    for (const name of ['sub', 'subject', 'jti', 'token', 'kid', 'client', 'client_id', 'path_name', 'ip', 'error']) {
      expect(labels.has(name)).toBe(false);
    }
  });
});
