import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
import { Browser, claimsIn, tokensOf } from './browser.ts';
import { startServer, type TestServer } from './server.ts';

let server: TestServer;
let browser: Browser;
let spans: InMemorySpanExporter;
let exporter: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
let meters: MeterProvider;

beforeEach(async () => {
  spans = new InMemorySpanExporter();
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e8 });
  meters = new MeterProvider({ readers: [reader] });
  openTelemetry.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  openTelemetry.trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
  );
  openTelemetry.metrics.setGlobalMeterProvider(meters);
  const log = await createPublisher('memory:', { openTelemetry });
  server = await startServer({ log, lifecycle: { openTelemetry, clientClasses: { spa: ['shop'] } } });
  browser = new Browser(server.issuer);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await meters.shutdown();
  openTelemetry.context.disable();
  openTelemetry.trace.disable();
  openTelemetry.metrics.disable();
});

/** The values of a counter that are not 0, by their attributes. */
async function counted(name: string): Promise<Record<string, unknown>> {
  exporter.reset();
  await reader.forceFlush();
  const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const points: DataPoint<unknown>[] = metrics
    .filter(({ descriptor }) => descriptor.name === name)
    .flatMap(({ dataPoints }): DataPoint<unknown>[] => dataPoints);
  return Object.fromEntries(
    points
      .filter(({ value }) => value !== 0)
      .map(({ attributes, value }) => [Object.values(attributes).join(' '), value]),
  );
}

describe('the token endpoint', () => {
  it('counts each answer by grant type, result and class of the client', async () => {
    const { refreshToken } = await browser.login('alice');
    await browser.refresh(refreshToken);
    await browser.refresh('unknown');
    await browser.refresh('unknown', 'admin');
    await browser.redeem('nobody', { grant_type: 'password' });
    expect(await counted('oauth2.token.issued')).toEqual({
      'authorization_code success spa': 1,
      'refresh_token success spa': 1,
      'refresh_token invalid_grant spa': 1,
      'refresh_token invalid_grant other': 1,
      'other invalid_client unknown': 1,
    });
    expect(await counted('oauth2.token.refreshed')).toEqual({ success: 1, invalid_grant: 2 });
  });

  it('counts the living access tokens of client credentials by the class of the client', async () => {
    const robot = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
    await server[Symbol.asyncDispose]();
    const clients = [{ client_id: 'shop', client_secret: 'a secret for tests', ...robot }];
    server = await startServer({
      configuration: {
        clients,
        features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
      },
      lifecycle: { openTelemetry, clientClasses: { spa: ['shop'] } },
    });
    const authorization = `Basic ${Buffer.from('shop:a%20secret%20for%20tests').toString('base64')}`;
    for (let count = 0; count < 2; count++) {
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      await fetch(`${server.issuer}/token`, { method: 'POST', headers: { authorization }, body });
    }
    expect(await counted('oauth2.token.issued')).toEqual({ 'client_credentials success spa': 2 });
    expect(await counted('oauth2.token.active')).toEqual({ 'spa client_credentials': 2 });
  });

  it('counts a request with the path written in another way, as the library accepts it', async () => {
    await fetch(`${server.issuer}/TOKEN/`, { method: 'POST', body: new URLSearchParams({ client_id: 'shop' }) });
    expect(await counted('oauth2.token.issued')).toEqual({ 'other invalid_request spa': 1 });
  });

  it('counts a spent refresh token that is used again, with an event in the span of the request', async () => {
    const { refreshToken } = await browser.login('alice');
    await browser.refresh(refreshToken);
    await browser.refresh(refreshToken);
    expect(await counted('oauth2.refresh_token.reuse')).toEqual({ 'spa replayed': 1 });
    const events = spans.getFinishedSpans().flatMap((span) => span.events.map(({ name }) => [span.name, name]));
    expect(events).toEqual([['oauth2.token.refresh', 'refresh_token_reuse_detected']]);
  });

  it('counts no reuse when a refresh token is revoked', async () => {
    const { refreshToken } = await browser.login('alice');
    await browser.revoke(refreshToken);
    expect(await counted('oauth2.refresh_token.reuse')).toEqual({});
  });

  it('counts a server error when the end of a reused grant cannot be noted', async () => {
    const { refreshToken } = await browser.login('alice');
    await browser.refresh(refreshToken);
    server.storeIsDown = true;
    await browser.refresh(refreshToken);
    expect(await counted('oauth2.token.issued')).toMatchObject({ 'refresh_token server_error spa': 1 });
  });
});

describe('spans and labels', () => {
  it('make a revocation a child of the request that caused it', async () => {
    const { refreshToken } = await browser.login('alice');
    await browser.refresh(refreshToken);
    await browser.refresh(refreshToken);
    const all = spans.getFinishedSpans();
    const revoked = all.find(({ name }) => name === 'oauth2.token.revoke_all');
    const parent = all.find((span) => span.spanContext().spanId === revoked?.parentSpanContext?.spanId);
    expect(parent?.name).toBe('oauth2.token.refresh');
  });

  it('contain no token, subject, client or id', async () => {
    const first = await browser.login('alice');
    const second = tokensOf(await browser.refresh(first.refreshToken));
    await browser.revoke(second.accessToken);
    await browser.refresh(first.refreshToken);
    await browser.logout(second.idToken);
    exporter.reset();
    await reader.forceFlush();
    const text = JSON.stringify([
      spans.getFinishedSpans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
      exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics),
    ]);
    const { sid, grant_id: grant, jti } = claimsIn(second.accessToken);
    expect(text).toContain('oauth2.token.revoke_all');
    for (const secret of ['alice', 'shop', sid, grant, jti, first.refreshToken, second.accessToken]) {
      expect(text).not.toContain(String(secret));
    }
  });
});
