import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createInstruments } from '../../../src/issuer/telemetry/instruments.ts';
import { observeTokenEndpoint } from '../../../src/issuer/telemetry/observe-token-endpoint.ts';
import { createClassOf } from '../../../src/telemetry/client-classes.ts';
import { followContext } from '../../../src/telemetry/context-manager.ts';
import { createOpenTelemetry, type OpenTelemetry } from '../../../src/telemetry/open-telemetry.ts';
import { counted } from './counted.ts';

/** The context of the library. The tests build the part that the observer reads. */
type Context = object;
type Middleware = (context: Context, next: () => Promise<void>) => Promise<void>;

let telemetry: OpenTelemetry;
let spans: InMemorySpanExporter;
let provider: EventEmitter;
let middleware: Middleware;
let unfollow: () => void;

beforeAll(() => {
  unfollow = followContext();
});
afterAll(() => unfollow());
beforeEach(() => {
  spans = new InMemorySpanExporter();
  telemetry = createOpenTelemetry({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const { meter, tracer } = telemetry;
  provider = Object.assign(new EventEmitter(), {
    pathFor: (route: string) => `/${route}`,
    use: (given: Middleware) => {
      middleware = given;
    },
  });
  // The part of a provider that the observer uses.
  observeTokenEndpoint(provider as never, {
    tracer,
    instruments: createInstruments({ meter, classes: ['spa'], countActive: () => 3 }),
    classOf: createClassOf({ spa: ['shop'] }),
    nowMs: () => 1_000_000,
  });
});

interface TokenRequest {
  readonly grantType?: string;
  readonly clientId?: string;
  /** `iat` of the refresh token that is replaced. */
  readonly iat?: number;
  readonly path?: string;
  readonly method?: string;
}

/** Sends a request through the middleware. @param emit emits the events of the library for this request. */
async function ask(
  { grantType = 'refresh_token', clientId = 'shop', iat, path = '/token', method = 'POST' }: TokenRequest,
  emit: (context: Context) => unknown,
): Promise<void> {
  const entities = {
    Client: clientId === '' ? undefined : { clientId },
    RotatedRefreshToken: iat === undefined ? undefined : { iat },
  };
  const context = {
    method,
    path,
    oidc: { route: 'token', params: { grant_type: grantType }, entities },
  };
  await middleware(context, async () => void (await emit(context)));
}
const succeed = (context: Context) => provider.emit('grant.success', context);
const fail = (error: string) => (context: Context) => provider.emit('grant.error', context, { error });
const issued = async () => counted(await telemetry.metrics(), 'oauth2_token_issued_total');

describe('an answer of the token endpoint', () => {
  it('is counted by grant type, result and class of the client', async () => {
    await ask({ grantType: 'authorization_code' }, succeed);
    await ask({ grantType: 'authorization_code' }, succeed);
    await ask({ grantType: 'authorization_code' }, fail('invalid_grant'));
    expect(await issued()).toEqual({
      'authorization_code success spa': 2,
      'authorization_code invalid_grant spa': 1,
    });
  });

  it('to a refresh token is also counted as a refresh', async () => {
    await ask({}, succeed);
    await ask({}, fail('invalid_grant'));
    await ask({ grantType: 'authorization_code' }, succeed);
    const refreshed = counted(await telemetry.metrics(), 'oauth2_token_refreshed_total');
    expect(refreshed).toEqual({ success: 1, invalid_grant: 1 });
  });

  it('is a server error when other middleware throws, and the error is rethrown', async () => {
    const lost = new Error('the log is down');
    await expect(ask({}, () => Promise.reject(lost))).rejects.toBe(lost);
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is a server error when other middleware throws after the library has answered', async () => {
    const answer = async (context: Context) => {
      succeed(context);
      throw new Error('the log is down');
    };
    await expect(ask({}, answer)).rejects.toThrow('the log is down');
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is a server error when the library emits neither success nor error', async () => {
    await ask({}, (context) => provider.emit('server_error', context, new Error('a bug')));
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is recognized by POST and the path, which is matched as in the library', async () => {
    for (const path of ['/token', '/TOKEN', '/token/', '/tokens', '/auth']) await ask({ path }, succeed);
    await ask({ method: 'OPTIONS' }, succeed);
    expect(await issued()).toEqual({ 'refresh_token success spa': 3 });
  });
});

describe('labels', () => {
  const labelsOf = async (): Promise<string[]> =>
    [...(await telemetry.metrics()).matchAll(/="([^"]*)"/g)].map(([, value = '']) => value);

  it('contain no value from a client, so that clients cannot create series', async () => {
    await ask({ grantType: 'random-first', clientId: 'random-first' }, fail('random-first'));
    const before = (await labelsOf()).length;
    for (let n = 0; n < 50; n += 1) {
      await ask({ grantType: `random-${n}`, clientId: `random-${n}` }, fail(`random-${n}`));
    }
    expect((await labelsOf()).length).toBe(before);
    expect((await labelsOf()).filter((value) => value.includes('random'))).toEqual([]);
    expect(await issued()).toEqual({ 'other other other': 51 });
  });

  it('have the class unknown without a client', async () => {
    await ask({ clientId: '' }, fail('invalid_request'));
    expect(await issued()).toEqual({ 'refresh_token invalid_request unknown': 1 });
  });

  it('are exactly those of the documentation', async () => {
    await ask({ iat: 990 }, succeed);
    const names = [...(await telemetry.metrics()).matchAll(/^(oauth2_\w+)(?:\{(.*)\})? /gm)].map(
      ([, name = '', labels = '']) => [name, ...[...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label)].join(),
    );
    expect([...new Set(names)].sort()).toEqual([
      'oauth2_refresh_token_reuse_total,client_class',
      'oauth2_token_active',
      'oauth2_token_age_at_refresh_bucket,le',
      'oauth2_token_age_at_refresh_count',
      'oauth2_token_age_at_refresh_sum',
      'oauth2_token_issued_total,grant_type,result,client_class',
      'oauth2_token_refreshed_total,result',
    ]);
  });
});

describe('the age of the token that a refresh replaces', () => {
  const ages = async (name: string) => counted(await telemetry.metrics(), `oauth2_token_age_at_refresh_${name}`);

  it('is the time since it was issued', async () => {
    await ask({ iat: 700 }, succeed);
    expect(await ages('sum')).toEqual({ '': 300 });
    expect(Object.keys(await ages('bucket'))[0]).toBe('300');
  });

  it('is never negative, also when the clock went back', async () => {
    await ask({ iat: 1001 }, succeed);
    expect(await ages('count')).toEqual({ '': 1 });
    expect(await ages('sum')).toEqual({});
  });

  it('is not recorded when no token is replaced', async () => {
    await ask({ iat: 700 }, fail('invalid_grant'));
    await ask({}, succeed);
    expect(await ages('count')).toEqual({});
  });
});

describe('a second use of a refresh token', () => {
  const reuse = async () => counted(await telemetry.metrics(), 'oauth2_refresh_token_reuse_total');

  it('is counted by the class of its client', async () => {
    await ask({}, (context) => provider.emit('grant.revoked', context, 'a grant'));
    expect(await reuse()).toEqual({ spa: 1 });
  });

  it.each(['revocation', 'end_session_confirm'])('is not counted when a grant is revoked at %s', async (route) => {
    provider.emit('grant.revoked', { oidc: { route, entities: {} } }, 'a grant');
    expect(await reuse()).toEqual({});
  });

  it('is not counted for an authorization code', async () => {
    await ask({ grantType: 'authorization_code' }, (context) => provider.emit('grant.revoked', context, 'a grant'));
    expect(await reuse()).toEqual({});
  });
});

describe('before the first request', () => {
  it('the series of every success and of reuse are 0', async () => {
    const text = await telemetry.metrics();
    for (const series of [
      'oauth2_token_issued_total{grant_type="refresh_token",result="success",client_class="spa"} 0',
      'oauth2_token_refreshed_total{result="invalid_grant"} 0',
      'oauth2_refresh_token_reuse_total{client_class="spa"} 0',
      'oauth2_token_active 3',
    ]) {
      expect(text).toContain(`\n${series}\n`);
    }
  });
});

describe('the span around the token endpoint', () => {
  it.each([
    ['authorization_code', 'oauth2.token.issue'],
    ['refresh_token', 'oauth2.token.refresh'],
  ])('for %s is %s, with the result as an attribute', async (grantType, name) => {
    await ask({ grantType, iat: 700 }, succeed);
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({ name, status: { code: 0 } });
    expect(span?.attributes).toEqual({
      'oauth2.grant_type': grantType,
      'oauth2.result': 'success',
      'oauth2.client_class': 'spa',
      'oauth2.token.age': 300,
    });
  });

  it('is the parent of spans that start during the request', async () => {
    await ask({}, async (context) => {
      await Promise.resolve();
      telemetry.tracer.startSpan('inner').end();
      succeed(context);
    });
    const [inner, outer] = spans.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('has an error status only for errors of the server', async () => {
    await ask({}, fail('invalid_grant'));
    await expect(ask({}, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(spans.getFinishedSpans().map(({ status }) => status.code)).toEqual([0, 2]);
  });
});
