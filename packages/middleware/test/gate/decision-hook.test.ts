import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Decision } from '../../src/decision.ts';
import { requireScope } from '../../src/express/guards.ts';
import { protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import type { Verifier } from '../../src/verifier/verifier.ts';
import { forge, publicJwk } from '../forge.ts';
import { type TestDependencies, testDependencies } from '../test-dependencies.ts';
import { audience, issuer, usualClaims } from '../verification-table.ts';

let dependencies: TestDependencies;
const opened: Verifier[] = [];

beforeEach(() => {
  dependencies = testDependencies();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((verifier) => verifier.close()));
});

function open(options: Partial<VerifierOptions>): Verifier {
  const jwks = { keys: [publicJwk('es')] };
  const verifier = composeVerifier({ issuer, audience, jwks, revocation: null, ...options }, dependencies);
  dependencies.lines.length = 0;
  opened.push(verifier);
  return verifier;
}

const good = forge({}, usualClaims);
const requestWith = (token?: string) => ({
  headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  rawHeaders: token === undefined ? [] : ['Authorization', `Bearer ${token}`],
});

/** Sends a request through handlers, and resolves to the status of the answer; 200: all passed. */
async function send(request: object, ...handlers: ReturnType<typeof protect>[]): Promise<number> {
  for (const handler of handlers) {
    const status = await new Promise<number>((resolve) => {
      const response = { statusCode: 0, setHeader() {}, end: () => resolve(response.statusCode) };
      handler(request as never, response as never, () => resolve(200));
    });
    if (status !== 200) return status;
  }
  return 200;
}

describe('onDecision', () => {
  const seen: [outcome: string, reason: string | undefined, request: object][] = [];
  const onDecision = (decision: Decision, request: object) => {
    seen.push([decision.outcome, 'reason' in decision ? decision.reason : undefined, request]);
  };
  beforeEach(() => void seen.splice(0));

  it('receives each decision and its request', async () => {
    const verifier = open({ onDecision });
    const [request, none] = [requestWith(good), requestWith()];
    await verifier.verify(request);
    await verifier.verify(request);
    await send(none, protect(verifier));
    expect(seen).toEqual([
      ['accepted', undefined, request],
      ['accepted', undefined, request],
      ['rejected', 'missing_token', none],
    ]);
  });

  it('receives one decision for two gates, and the refusal of a guard', async () => {
    const verifier = open({ onDecision });
    const request = requestWith(good);
    expect(await send(request, protect(verifier), protect(verifier), requireScope('admin'))).toBe(403);
    expect(seen).toEqual([
      ['accepted', undefined, request],
      ['rejected', 'insufficient_scope', request],
    ]);
  });

  it('receives the decisions of another verifier about the same request', async () => {
    const request = requestWith(good);
    const [first, second] = [open({}), open({ onDecision })];
    expect(await send(request, protect(first), protect(second))).toBe(200);
    expect(seen).toEqual([['accepted', undefined, request]]);
  });

  it.each<[string, (decision: Decision) => unknown]>([
    [
      'throws',
      () => {
        throw new Error(good);
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error(good);
      },
    ],
    ['changes the decision', (decision) => Object.assign(decision, { outcome: 'accepted', reason: 'none' })],
    ['returns a promise that never settles', () => new Promise(() => {})],
  ])('changes no decision when it %s', async (_what, hook) => {
    const verifier = open({ onDecision: hook });
    expect(await send(requestWith(), protect(verifier))).toBe(401);
    expect(await send(requestWith(good), protect(verifier))).toBe(200);
    await new Promise(setImmediate);
    expect(dependencies.lines.join()).not.toContain(good);
  });

  it('is logged once a minute when it fails', async () => {
    const verifier = open({ onDecision: () => Promise.reject(new Error('x')) });
    for (let count = 0; count < 3; count += 1) await verifier.verify(requestWith(good));
    await new Promise(setImmediate);
    expect(dependencies.lines).toEqual([
      'revocast: onDecision threw or rejected: fix the hook; no decision is affected',
    ]);
  });
});

describe('logRefusals', () => {
  it('writes reason and issuer, so many lines a minute, and how many were left out', async () => {
    const verifier = open({ logRefusals: { perMinute: 2 }, alias: 'login' });
    const expired = forge({ claims: { exp: 1 } }, usualClaims);
    const handler = protect(verifier);
    await send(requestWith(expired), handler);
    await send(requestWith(good), handler, requireScope('admin'));
    for (let count = 0; count < 3; count += 1) await send(requestWith(expired), handler);
    await dependencies.clock.advance(60_000);
    await send(requestWith(), handler);
    expect(dependencies.lines).toEqual([
      'revocast: request refused: expired, issuer login',
      'revocast: request refused: insufficient_scope, issuer login',
      'revocast: request refused: missing_token, issuer unknown; 3 more before this one were not logged',
    ]);
  });

  it('writes nothing about requests that pass without credentials, and says what would be refused', async () => {
    const anonymous = protect(open({ logRefusals: { perMinute: 9 } }), { anonymous: true });
    expect(await send(requestWith(), anonymous)).toBe(200);
    expect(dependencies.lines).toEqual([]);
    const reporting = protect(open({ logRefusals: { perMinute: 9 }, dangerouslyReportOnly: true }));
    expect(await send(requestWith(), reporting)).toBe(200);
    expect(dependencies.lines).toEqual(['revocast: request would be refused: missing_token, issuer unknown']);
  });

  it('needs a logger', () => {
    expect(() => open({ logRefusals: { perMinute: 1 }, logger: null })).toThrow(
      'logRefusals: expected a `logger` beside it',
    );
  });
});

it('costs nothing where no hook is set', () => {
  const key = Symbol.for('revocast.verifier-parts');
  expect(Reflect.get(open({}), key)).toMatchObject({ decided: undefined });
});
