import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as openTelemetryApi from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createSigner, type Signer } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';

/** A copy for each test: what is made from one API object is kept for as long as that. */
let api: typeof openTelemetryApi;
let signer: Signer;
let dependencies: TestDependencies;
let publisher: Publisher;
let spans: InMemorySpanExporter;
let metrics: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
const opened: Verifier[] = [];

function startSdk({ sampled = true } = {}): void {
  api = { ...openTelemetryApi };
  api.trace.disable();
  api.metrics.disable();
  spans = new InMemorySpanExporter();
  const sampler = sampled ? {} : { sampler: new AlwaysOffSampler() };
  const traces = new BasicTracerProvider({ ...sampler, spanProcessors: [new SimpleSpanProcessor(spans)] });
  api.trace.setGlobalTracerProvider(traces);
  metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  api.metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}

beforeAll(async () => {
  openTelemetryApi.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  dependencies = testDependencies();
  signer = await createSigner({ nowMs: () => dependencies.clock.wallMs() });
});

beforeEach(async () => {
  startSdk();
  dependencies = testDependencies();
  publisher = await createPublisher('memory:', { clock: dependencies.clock, openTelemetry: api });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
  await publisher.close();
  await reader.shutdown();
});

/** One API process after another: what is shared within a process is not shared between them. */
async function startProcess(options: Partial<VerifierOptions> = {}, process = testDependencies()): Promise<Verifier> {
  const { issuer, jwks } = signer;
  const common = { issuer, audience: 'https://api.test', jwks, logger: null, openTelemetry: { api } } as const;
  const verifier = composeVerifier({ ...common, revocation: { feed: publisher }, ...options } as VerifierOptions, {
    ...process,
    clock: dependencies.clock,
  });
  opened.push(verifier);
  await dependencies.clock.advance(0);
  return verifier;
}

const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const named = (name: string): ReadableSpan[] => spans.getFinishedSpans().filter((span) => span.name === name);
const only = (name: string): ReadableSpan => {
  const [span, ...others] = named(name);
  if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} or no spans ${name}`);
  return span;
};

async function counted(name: string): Promise<readonly { attributes: object; value: unknown }[]> {
  await reader.forceFlush();
  const latest = metrics.getMetrics().at(-1)?.scopeMetrics ?? [];
  const found = latest.flatMap(({ metrics: series }) => series).filter(({ descriptor }) => descriptor.name === name);
  const points = found.flatMap(({ dataPoints }) => [...dataPoints]);
  return points.map(({ attributes, value }) => ({ attributes, value }));
}

describe('a revocation', () => {
  it('is one trace, from the logout to every process that enforces it', async () => {
    await startProcess();
    await startProcess();
    await api.trace.getTracer('app').startActiveSpan('POST /logout', async (request) => {
      await publisher.revoke({ issuer: signer.issuer, session: 's1', reason: 'logout', actor: 'alice' });
      request.end();
    });
    await dependencies.clock.advance(3);

    const revoke = only('oauth2.token.revoke_all');
    expect(revoke.kind).toBe(api.SpanKind.PRODUCER);
    expect(revoke.parentSpanContext?.spanId).toBe(only('POST /logout').spanContext().spanId);
    expect(revoke.attributes).toEqual({
      'oauth2.revocation.dimension': 'session',
      'oauth2.revocation.reason': 'logout',
      'oauth2.revocation.by': expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    const applied = named('revocast.revocation.apply');
    expect(applied).toHaveLength(2);
    for (const span of applied) {
      expect(span.kind).toBe(api.SpanKind.CONSUMER);
      expect(span.spanContext().traceId).toBe(revoke.spanContext().traceId);
      expect(span.parentSpanContext).toMatchObject({ spanId: revoke.spanContext().spanId, isRemote: true });
      expect(span.attributes).toEqual({
        'oauth2.revocation.dimension': 'session',
        'oauth2.revocation.reason': 'logout',
        'revocast.rule.digest': expect.stringMatching(/^[0-9a-f]{8}$/),
        'revocast.revocation.latency': 0,
      });
    }
  });

  it('of one token has its remaining lifetime, and is counted', async () => {
    const expiresAt = Math.floor(dependencies.clock.wallMs() / 1000) + 120;
    await publisher.revoke({ issuer: signer.issuer, token: 'j', expiresAt, reason: 'admin' });
    expect(only('oauth2.token.revoke').attributes['oauth2.revocation.remaining_lifetime']).toBe(120);
    expect(await counted('oauth2.token.revoked')).toEqual([
      { attributes: { reason: 'admin', dimension: 'token' }, value: 1 },
    ]);
  });

  it('of many tokens counts the number that the caller passes', async () => {
    await publisher.revoke({ issuer: signer.issuer, subject: 'alice', reason: 'password_change' }, { tokens: 7 });
    expect(await counted('oauth2.token.revoked')).toEqual([
      { attributes: { reason: 'password_change', dimension: 'subject' }, value: 7 },
    ]);
    await expect(
      publisher.revoke({ issuer: signer.issuer, subject: 'alice', reason: 'admin' }, { tokens: -1 }),
    ).rejects.toThrow('tokens');
  });

  it('that is retried with its id is counted once', async () => {
    const again = () => publisher.revoke({ issuer: signer.issuer, session: 's1', reason: 'logout' }, { id: 'one' });
    await again();
    await again();
    expect(await counted('oauth2.token.revoked')).toEqual([
      { attributes: { reason: 'logout', dimension: 'session' }, value: 1 },
    ]);
  });

  it('that fails has a span with an error, and is not counted', async () => {
    const ahead = Math.floor(dependencies.clock.wallMs() / 1000) + 3600;
    const refused = publisher.revoke({ issuer: signer.issuer, subject: 'a', issuedUpTo: ahead, reason: 'admin' });
    await expect(refused).rejects.toMatchObject({ code: 'refused' });
    const span = only('oauth2.token.revoke_all');
    expect(span.status.code).toBe(api.SpanStatusCode.ERROR);
    expect(span.attributes['error.type']).toBe('refused');
    expect(await counted('oauth2.token.revoked')).toEqual([]);
  });

  it('that is not sampled has no span', async () => {
    startSdk({ sampled: false });
    await startProcess({ openTelemetry: { api } });
    await publisher.revoke({ issuer: signer.issuer, session: 's1', reason: 'logout' });
    await dependencies.clock.advance(3);
    expect(spans.getFinishedSpans()).toEqual([]);
  });

  it('without a trace is enforced and has no span, and neither has a lift', async () => {
    const plain = await createPublisher('memory:', { clock: dependencies.clock });
    const verifier = await startProcess({ revocation: { feed: plain } });
    await plain.revoke({ issuer: signer.issuer, session: 's1', reason: 'logout' });
    await dependencies.clock.advance(3);
    expect(await verifier.verify(bearing(await signer.sign({ sid: 's1' })))).toMatchObject({ outcome: 'rejected' });
    await publisher.lift({ issuer: signer.issuer, session: 's1' });
    expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual(['oauth2.token.validate']);
    await plain.close();
  });
});

describe('a request', () => {
  it('has a span within the span of the server, also when it waited for keys', async () => {
    const verifier = await startProcess({ clientClasses: { browser: ['spa'], batch: ['cron'] } });
    const token = await signer.sign({ client_id: 'spa' });
    await dependencies.clock.advance(5000);
    for (let request = 1; request <= 2; request += 1) {
      await api.trace.getTracer('http').startActiveSpan('GET /orders', async (server) => {
        await verifier.verify(bearing(token));
        server.end();
      });
    }
    const servers = named('GET /orders').map((span) => span.spanContext().spanId);
    const validations = named('oauth2.token.validate');
    expect(validations.map((span) => span.parentSpanContext?.spanId)).toEqual(servers);
    expect(validations.map(({ attributes }) => attributes)).toEqual(
      [false, true].map((cached) => ({
        'oauth2.result': 'accepted',
        'oauth2.reason': 'none',
        'oauth2.client_class': 'browser',
        'oauth2.token.cached': cached,
        'oauth2.token.age': 5,
      })),
    );
  });

  it('is counted by result, reason and the configured class of its client', async () => {
    const verifier = await startProcess({ clientClasses: { browser: ['spa'] } });
    await verifier.verify(bearing(await signer.sign({ client_id: 'spa' })));
    for (let client = 0; client < 20; client += 1) {
      await verifier.verify(bearing(await signer.sign({ client_id: `random-${client}` })));
      await verifier.verify(bearing(`nonsense-${client}`));
    }
    expect(await counted('oauth2.token.validated')).toEqual([
      { attributes: { result: 'accepted', reason: 'none', client_class: 'browser' }, value: 1 },
      { attributes: { result: 'accepted', reason: 'none', client_class: 'other' }, value: 20 },
      { attributes: { result: 'rejected', reason: 'malformed_token', client_class: 'unknown' }, value: 20 },
    ]);
  });

  it('has no claim and no token in its span', async () => {
    const verifier = await startProcess();
    const token = await signer.sign({ sub: 'alice@example.com', client_id: 'spa-17', jti: 'id-4711' });
    await verifier.verify(bearing(token));
    await publisher.revoke({ issuer: signer.issuer, subject: 'alice@example.com', reason: 'admin', actor: 'bob' });
    await dependencies.clock.advance(3);
    const text = JSON.stringify(spans.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes })));
    for (const secret of ['alice', 'spa-17', 'id-4711', 'bob', token]) expect(text).not.toContain(secret);
  });
});

describe('several verifiers of one process', () => {
  it('apply a revocation once, and count it once on a shared registry', async () => {
    const registry = new Registry();
    const shared = testDependencies();
    const openTelemetry = { api };
    await startProcess({ openTelemetry, metrics: { registry } }, shared);
    await startProcess({ openTelemetry, metrics: { registry }, audience: 'https://other.test' }, shared);
    await startProcess({ metrics: { registry }, openTelemetry, clientClasses: { a: ['b'] } }, shared);
    await publisher.revoke({ issuer: signer.issuer, session: 's1', reason: 'logout' });
    await dependencies.clock.advance(3);
    expect(named('revocast.revocation.apply')).toHaveLength(1);
    expect(await registry.metrics()).toContain('revocast_revocation_latency_seconds_count 1');
  });
});

describe('the option', () => {
  it.each<[string, unknown]>([
    ['openTelemetry.api', {}],
    ['openTelemetry.api', { api: { trace: {}, metrics: {} } }],
    ['openTelemetry.classes', { api: openTelemetryApi, classes: {} }],
  ])('rejects an invalid %s', async (option, openTelemetry) => {
    await expect(startProcess({ openTelemetry } as Partial<VerifierOptions>)).rejects.toThrow(option);
  });
});
