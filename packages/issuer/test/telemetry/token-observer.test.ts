import { afterEach, describe, expect, it } from '@jest/globals';
import * as openTelemetry from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createPublisher } from '@revocast/denylist';
import { createLifecycle, type LifecycleOptions, memoryStore } from '@revocast/issuer';
import { Registry } from 'prom-client';
import { secretOf } from '../families/keys-of-test.ts';

const issuer = 'https://login.example.com/';
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A lifecycle with an SDK of its own, and what was recorded. */
async function observed(options: Partial<LifecycleOptions> = {}) {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  const meters = new MeterProvider({ readers: [reader] });
  openTelemetry.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  openTelemetry.trace.setGlobalTracerProvider(tracers);
  openTelemetry.metrics.setGlobalMeterProvider(meters);
  const log = await createPublisher('memory:');
  const registry = new Registry();
  const lifecycle = await createLifecycle({
    issuer,
    log,
    store: memoryStore(),
    openTelemetry,
    metrics: { registry },
    clientClasses: { spa: ['shop-app'] },
    ...options,
  });
  opened.push(
    () => openTelemetry.context.disable(),
    () => openTelemetry.trace.disable(),
    () => openTelemetry.metrics.disable(),
    () => meters.shutdown(),
    () => log.close(),
    () => lifecycle.close(),
  );
  return {
    lifecycle,
    registry,
    spans,
    /** Attributes and value of each series. */
    async series(name: string) {
      exporter.reset();
      await reader.forceFlush();
      const metrics = exporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all));
      const points: DataPoint<unknown>[] = metrics
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }): DataPoint<unknown>[] => dataPoints);
      return points.map(({ attributes, value }) => ({ ...attributes, value }));
    },
  };
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('every series of an authorization server', () => {
  it('begins at 0, for all values of the closed lists', async () => {
    const { series, registry } = await observed({ countActive: () => 0 });
    expect(await series('oauth2.token.issued')).toHaveLength(3 * 4);
    expect(await series('oauth2.token.refreshed')).toHaveLength(10 + 4);
    expect(await series('oauth2.refresh_token.reuse')).toHaveLength(3 * 3);
    expect(await series('oauth2.token.storms')).toHaveLength(3);
    expect(await series('oauth2.token.active')).toEqual([{ value: 0 }]);
    for (const name of ['issued', 'refreshed', 'storms']) {
      for (const { value } of await series(`oauth2.token.${name}`)) expect({ name, value }).toEqual({ name, value: 0 });
    }
    const text = await registry.metrics();
    for (const line of [
      'revocast_outbox_pending 0',
      'revocast_outbox_oldest_seconds 0',
      'revocast_outbox_settled_total{outcome="logged"} 0',
      'revocast_outbox_settled_total{outcome="stuck"} 0',
      'revocast_outbox_attempt_failures_total{code="unavailable"} 0',
      'revocast_outbox_store_failures_total{code="store_full"} 0',
      'revocast_refresh_early_total 0',
      'revocast_stamped_ahead_total 0',
      'revocast_store_rows{table="family",state="active"} 0',
      'revocast_store_rows{table="outbox",state="ended"} 0',
      'revocast_collected_total{kind="outbox"} 0',
      'revocast_refresh_outcomes_total{outcome="replayed"} 0',
    ]) {
      expect(text).toContain(line);
    }
  });
});

describe('an answer of the token endpoint', () => {
  it('is counted by grant type, result and class of the client, in a span', async () => {
    const { lifecycle, series, spans } = await observed();
    const answer = { grantType: 'authorization_code', result: 'success', client: 'shop-app' };
    await lifecycle.observe.request(async () => answer);
    const found = { grant_type: 'authorization_code', result: 'success', client_class: 'spa', value: 1 };
    expect(await series('oauth2.token.issued')).toContainEqual(found);
    const [span] = spans.getFinishedSpans();
    expect({ name: span?.name, attributes: span?.attributes }).toEqual({
      name: 'oauth2.token.issue',
      attributes: {
        'oauth2.grant_type': 'authorization_code',
        'oauth2.result': 'success',
        'oauth2.client_class': 'spa',
      },
    });
  });

  it('to a refresh token has a span of its own name, with the age of the replaced token', async () => {
    const { lifecycle, series, spans, registry } = await observed();
    const answer = { grantType: 'refresh_token', result: 'success', client: 'x', replacedIssuedAt: nowSeconds() - 100 };
    await lifecycle.observe.request(async () => answer);
    const [span] = spans.getFinishedSpans();
    expect(span?.name).toBe('oauth2.token.refresh');
    expect(Math.round(Number(span?.attributes['oauth2.token.age']) / 10)).toBe(10);
    expect(await series('oauth2.token.refreshed')).toContainEqual({ result: 'success', value: 1 });
    expect(await series('oauth2.token.age_at_refresh')).toHaveLength(1);
    expect(await registry.metrics()).toContain('revocast_refresh_early_total 0');
    lifecycle.observe.answered({ ...answer, replacedIssuedAt: nowSeconds() });
    expect(await registry.metrics()).toContain('revocast_refresh_early_total 1');
  });

  it('counts a refresh by what it was, where that is more exact than the answer', async () => {
    const { lifecycle, series } = await observed();
    lifecycle.observe.answered({ grantType: 'refresh_token', result: 'slow_down', refreshKind: 'throttled' });
    const refreshed = (await series('oauth2.token.refreshed')).filter(({ value }) => value !== 0);
    expect(refreshed).toEqual([{ result: 'throttled', value: 1 }]);
  });

  it('with values that a client invents is counted as other', async () => {
    const { lifecycle, series } = await observed();
    lifecycle.observe.answered({ grantType: 'urn:x:alice', result: 'error-of-bob', client: 'carol' });
    const all = JSON.stringify(await series('oauth2.token.issued'));
    expect(all).toContain('{"grant_type":"other","result":"other","client_class":"other","value":1}');
    expect(all).not.toMatch(/alice|bob|carol/);
  });

  it('with a token that was used again has its details, and no id, in an event of the span', async () => {
    const { lifecycle, spans } = await observed();
    const families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
    const use = { client: 'shop-app', accessSeconds: 900 };
    const first = await families.open({ subject: 'SECRET', session: 'SECRET', ...use });
    let token = first.refreshToken;
    for (let count = 0; count < 3; count++) {
      const next = await families.present(token, use);
      if (next.ok) token = next.refreshToken;
    }
    await lifecycle.observe.request(async () => {
      const { outcome } = await families.present(first.refreshToken, use);
      return { grantType: 'refresh_token', result: outcome, client: 'shop-app' };
    });
    const [event] = spans.getFinishedSpans().flatMap(({ events }) => events);
    expect({ name: event?.name, attributes: event?.attributes }).toEqual({
      name: 'refresh_token_reuse_detected',
      attributes: {
        kind: 'replayed',
        generations_behind: 3,
        seconds_since_rotation: expect.any(Number),
        family_digest: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
    });
    const about = Buffer.from(first.refreshToken, 'base64url').subarray(2, 18);
    const id = [about.toString('hex'), about.toString('base64url'), first.grant, 'SECRET'];
    for (const part of id) expect(JSON.stringify(event)).not.toContain(part);
  });

  it('that fails is an error of its span, and of the caller', async () => {
    const { lifecycle, spans } = await observed();
    await expect(lifecycle.observe.request(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(spans.getFinishedSpans().map(({ status }) => status.code)).toEqual([2]);
  });

  it('is the parent of the revocations that are reported in it', async () => {
    const { lifecycle, spans } = await observed({ log: 'memory:' });
    await lifecycle.observe.request(async () => {
      lifecycle.observe.reused({ client: 'shop-app', kind: 'replayed' });
      return { grantType: 'refresh_token', result: 'invalid_grant', client: 'shop-app' };
    });
    const [span] = spans.getFinishedSpans();
    expect(span?.events.map(({ name, attributes }) => ({ name, attributes }))).toEqual([
      { name: 'refresh_token_reuse_detected', attributes: { kind: 'replayed' } },
    ]);
  });
});

describe('a client that gets more than 60 answers in a minute', () => {
  it('is counted as a storm of its class, and named to the hook, once', async () => {
    const named: string[] = [];
    const { lifecycle, series } = await observed({ onStorm: (client) => named.push(client) });
    const answer = { grantType: 'refresh_token', result: 'success', client: 'shop-app' };
    for (let count = 0; count < 60; count += 1) lifecycle.observe.answered(answer);
    expect(named).toEqual([]);
    for (let count = 0; count < 100; count += 1) lifecycle.observe.answered(answer);
    expect(named).toEqual(['shop-app']);
    expect(await series('oauth2.token.storms')).toContainEqual({ client_class: 'spa', value: 1 });
  });

  it('gets its answers although the hook fails', async () => {
    const onStorm = () => {
      throw new Error('hook');
    };
    const { lifecycle } = await observed({ onStorm });
    for (let count = 0; count < 70; count += 1) {
      lifecycle.observe.answered({ grantType: 'refresh_token', result: 'success', client: 'shop-app' });
    }
  });
});

describe('the living access tokens', () => {
  const nothing = ['spa', 'other', 'unknown'].map((client_class) => ({
    client_class,
    source: 'client_credentials',
    value: 0,
  }));

  it('begin at 0 for each class, of families too once there are any', async () => {
    const { lifecycle, series } = await observed();
    expect(await series('oauth2.token.active')).toEqual(nothing);
    lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
    // The series that were stated before come first.
    expect(await series('oauth2.token.active')).toEqual([
      ...nothing,
      ...nothing.map((point) => ({ ...point, source: 'families' })),
    ]);
  });

  it('are counted by the class of the client: the rows of families, and client credentials until they expire', async () => {
    const { lifecycle, series } = await observed();
    const families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
    for (const client of ['shop-app', 'shop-app', 'app of bob']) {
      await families.open({ subject: 'alice', client, accessSeconds: 900 });
    }
    const answer = { grantType: 'client_credentials', result: 'success', client: 'shop-app' };
    for (const lifetime of [60, 900, -1]) {
      lifecycle.observe.answered({ ...answer, expiresAt: nowSeconds() + lifetime });
    }
    const living = (await series('oauth2.token.active')).filter(({ value }) => value !== 0);
    expect(living).toEqual([
      { client_class: 'spa', source: 'families', value: 2 },
      { client_class: 'other', source: 'families', value: 1 },
      { client_class: 'spa', source: 'client_credentials', value: 2 },
    ]);
  });
});

describe('a revocation', () => {
  it('counts the families that end with it', async () => {
    const { lifecycle, series } = await observed({ log: 'memory:' });
    const families = lifecycle.families({ keys: [{ id: 1, secret: secretOf('key 1') }] });
    for (const session of ['a', 'b', 'c']) {
      await families.open({ subject: 'alice', session, client: 'shop-app', accessSeconds: 900 });
    }
    await lifecycle.report({ type: 'session_ended', session: 'a' });
    await lifecycle.report({ type: 'password_changed', subject: 'alice' });
    await lifecycle.report({ type: 'password_changed', subject: 'bob' });
    const revoked = (await series('oauth2.token.revoked')).filter(({ value }) => value !== 0);
    expect(revoked).toEqual([
      { reason: 'logout', dimension: 'session', value: 1 },
      // Two families of alice. Of bob, who has none, it counts as one.
      { reason: 'password_change', dimension: 'subject', value: 3 },
    ]);
  });
});

describe('what is pending', () => {
  it('is counted while the log is down, and settled once it is back', async () => {
    const { lifecycle, registry } = await observed();
    await lifecycle.report({ type: 'session_ended', session: 's' });
    const text = await registry.metrics();
    expect(text).toContain('revocast_outbox_pending 0');
    expect(text).toContain('revocast_outbox_settled_total{outcome="logged"} 1');
  });
});

describe('metrics, spans and attributes', () => {
  it('contain no token, subject or id', async () => {
    const { lifecycle, registry, spans, series } = await observed({ log: 'memory:' });
    const secret = 'SECRET';
    await lifecycle.observe.request(async () => {
      await lifecycle.report({ type: 'password_changed', subject: secret, by: secret, id: secret });
      await lifecycle.report({ type: 'session_ended', session: secret });
      await lifecycle.report({ type: 'user_deleted', subject: secret });
      await lifecycle.report({ type: 'consent_withdrawn', subject: secret, client: secret });
      lifecycle.observe.reused({ client: secret, kind: 'replayed' });
      return { grantType: secret, result: secret, client: secret };
    });
    const recorded = spans.getFinishedSpans().map(({ name, attributes, events }) => ({ name, attributes, events }));
    const all = [recorded, await registry.metrics(), await series('oauth2.token.issued')];
    expect(JSON.stringify(all)).not.toContain(secret);
  });
});
