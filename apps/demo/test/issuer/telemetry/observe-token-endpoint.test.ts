import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createInstruments } from '../../../src/issuer/telemetry/instruments.ts';
import { observeTokenEndpoint } from '../../../src/issuer/telemetry/observe-token-endpoint.ts';
import { createClassOf } from '../../../src/telemetry/client-classes.ts';
import { followContext } from '../../../src/telemetry/context-manager.ts';
import { createOpenTelemetry, type OpenTelemetry } from '../../../src/telemetry/open-telemetry.ts';
import { counted } from './counted.ts';

/** The library's; the observer knows what it reads of it. */
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
  // What the observer uses of a provider.
  observeTokenEndpoint(provider as never, {
    tracer,
    instruments: createInstruments({ meter, classes: ['spa'], countActive: () => 3 }),
    classOf: createClassOf({ spa: ['shop'] }),
    nowMs: () => 1_000_000,
  });
});

interface Asked {
  readonly grantType?: string;
  readonly clientId?: string;
  /** Of the refresh token that is replaced. */
  readonly iat?: number;
  readonly path?: string;
  readonly method?: string;
}

/** A request, and what the library tells while it answers. */
async function ask(
  { grantType = 'refresh_token', clientId = 'shop', iat, path = '/token', method = 'POST' }: Asked,
  tell: (context: Context) => unknown,
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
  await middleware(context, async () => void (await tell(context)));
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

  it('to a refresh token is counted among the refreshes too', async () => {
    await ask({}, succeed);
    await ask({}, fail('invalid_grant'));
    await ask({ grantType: 'authorization_code' }, succeed);
    const refreshed = counted(await telemetry.metrics(), 'oauth2_token_refreshed_total');
    expect(refreshed).toEqual({ success: 1, invalid_grant: 1 });
  });

  it('is a server error when something throws outside the library, and is thrown on', async () => {
    const lost = new Error('the log is down');
    await expect(ask({}, () => Promise.reject(lost))).rejects.toBe(lost);
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is a server error when something throws after the library answered', async () => {
    const answer = async (context: Context) => {
      succeed(context);
      throw new Error('the log is down');
    };
    await expect(ask({}, answer)).rejects.toThrow('the log is down');
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is a server error when the library says neither one nor the other', async () => {
    await ask({}, (context) => provider.emit('server_error', context, new Error('a bug')));
    expect(await issued()).toEqual({ 'refresh_token server_error spa': 1 });
  });

  it('is found by the path as the library finds it, and only a POST is one', async () => {
    for (const path of ['/token', '/TOKEN', '/token/', '/tokens', '/auth']) await ask({ path }, succeed);
    await ask({ method: 'OPTIONS' }, succeed);
    expect(await issued()).toEqual({ 'refresh_token success spa': 3 });
  });
});

describe('labels', () => {
  const labelsOf = async (): Promise<string[]> =>
    [...(await telemetry.metrics()).matchAll(/="([^"]*)"/g)].map(([, value = '']) => value);

  it('hold nothing that a client invents, however many it invents', async () => {
    await ask({ grantType: 'random-first', clientId: 'random-first' }, fail('random-first'));
    const before = (await labelsOf()).length;
    for (let n = 0; n < 50; n += 1) {
      await ask({ grantType: `random-${n}`, clientId: `random-${n}` }, fail(`random-${n}`));
    }
    expect((await labelsOf()).length).toBe(before);
    expect((await labelsOf()).filter((value) => value.includes('random'))).toEqual([]);
    expect(await issued()).toEqual({ 'other other other': 51 });
  });

  it('say unknown of a client that nobody names', async () => {
    await ask({ clientId: '' }, fail('invalid_request'));
    expect(await issued()).toEqual({ 'refresh_token invalid_request unknown': 1 });
  });

  it('are those of the documentation, with no others', async () => {
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

  it('is never negative, whoever’s clock is ahead', async () => {
    await ask({ iat: 1001 }, succeed);
    expect(await ages('count')).toEqual({ '': 1 });
    expect(await ages('sum')).toEqual({});
  });

  it('is not measured where nothing is replaced', async () => {
    await ask({ iat: 700 }, fail('invalid_grant'));
    await ask({}, succeed);
    expect(await ages('count')).toEqual({});
  });
});

describe('a refresh token that is shown again', () => {
  const reuse = async () => counted(await telemetry.metrics(), 'oauth2_refresh_token_reuse_total');

  it('is counted by the class of its client', async () => {
    await ask({}, (context) => provider.emit('grant.revoked', context, 'a grant'));
    expect(await reuse()).toEqual({ spa: 1 });
  });

  it.each(['revocation', 'end_session_confirm'])('is not what revoked a grant at %s', async (route) => {
    provider.emit('grant.revoked', { oidc: { route, entities: {} } }, 'a grant');
    expect(await reuse()).toEqual({});
  });

  it('is not an authorization code that is shown again', async () => {
    await ask({ grantType: 'authorization_code' }, (context) => provider.emit('grant.revoked', context, 'a grant'));
    expect(await reuse()).toEqual({});
  });
});

describe('before anybody asks', () => {
  it('the series of every success and of reuse stand at 0', async () => {
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
  ])('for %s is %s, and says how it ended', async (grantType, name) => {
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

  it('is the parent of what happens meanwhile', async () => {
    await ask({}, async (context) => {
      await Promise.resolve();
      telemetry.tracer.startSpan('inner').end();
      succeed(context);
    });
    const [inner, outer] = spans.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it('is an error when the server failed, and none when the client did', async () => {
    await ask({}, fail('invalid_grant'));
    await expect(ask({}, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(spans.getFinishedSpans().map(({ status }) => status.code)).toEqual([0, 2]);
  });
});
