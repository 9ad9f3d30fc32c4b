import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { createPublisher, type OpenTelemetryApi } from '@revocast/denylist';
import { createVerifier } from '@revocast/middleware';
import { until } from '@revocast/test-support';
import { type ObservedWorld, startObservedWorld } from './observed-world.ts';

jest.setTimeout(60_000);

interface RecordedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
}

const hex = (digits: number): string =>
  Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');

/** The least that fits the API: what a process without the SDK's packages could hand in as well. */
function recordSpans(): { api: OpenTelemetryApi; spans: RecordedSpan[] } {
  const spans: RecordedSpan[] = [];
  const contexts = new Map<unknown, { traceId: string; spanId: string }>();
  const api: OpenTelemetryApi = {
    ROOT_CONTEXT: {},
    trace: {
      setSpanContext(_context, spanContext) {
        const context = {};
        contexts.set(context, spanContext);
        return context;
      },
      getTracer: () => ({
        startSpan(name, _options, context) {
          const parent = contexts.get(context);
          const span = { name, traceId: parent?.traceId ?? hex(32), spanId: hex(16), parentSpanId: parent?.spanId };
          return {
            spanContext: () => ({ ...span, traceFlags: 1 }),
            setAttributes() {},
            setStatus() {},
            end: () => void spans.push(span),
          };
        },
      }),
    },
    metrics: { getMeter: () => ({ createCounter: () => ({ add() {} }) }) },
  };
  return { api, spans };
}

let world: ObservedWorld;
beforeAll(async () => {
  world = await startObservedWorld();
});
afterAll(() => world.stop());

it('one trace leads from revoke(), through Redis and the sidecar, to every replica', async () => {
  const at = { publisher: recordSpans(), one: recordSpans(), other: recordSpans() };
  const { issuer, publicJwks: jwks } = world.issuer;
  const replicas = [
    // Two addresses of one sidecar: two replicas.
    { openTelemetry: { api: at.one.api }, revocation: { feed: world.sidecar.dataUrl } },
    { openTelemetry: { api: at.other.api }, revocation: { feed: `http://127.0.0.1:${world.link.port}` } },
  ].map((options) => createVerifier({ issuer, audience: null, jwks, logger: null, ...options }));
  const publisher = await createPublisher(world.redis.url, { openTelemetry: at.publisher.api });
  try {
    for (const replica of replicas) expect(await replica.ready({ timeoutMs: 10_000 })).toBe(true);
    const published = await publisher.revoke({ issuer, subject: 'alice', reason: 'account_disabled' });
    expect(await published.enforcedEverywhere()).toMatchObject({ enforced: 2, expected: 2 });
    const [revoke] = at.publisher.spans;
    expect(revoke?.name).toBe('oauth2.token.revoke_all');
    for (const { spans } of [at.one, at.other]) {
      await until(() => spans.length > 0, { what: 'the span of an application' });
      expect(spans).toEqual([
        {
          name: 'revocast.revocation.apply',
          traceId: revoke?.traceId,
          spanId: expect.any(String),
          parentSpanId: revoke?.spanId,
        },
      ]);
    }
  } finally {
    await Promise.all([publisher.close(), ...replicas.map((replica) => replica.close())]);
  }
});
