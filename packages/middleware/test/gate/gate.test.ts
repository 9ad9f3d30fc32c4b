import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import type { Admission, Passage } from '../../src/gate/admission.ts';
import { admissionOf } from '../../src/gate/admitted-request.ts';
import { Gate } from '../../src/gate/gate.ts';
import { type GivenGateOptions, readGateOptions } from '../../src/gate/gate-options.ts';
import { errorOf, refuse } from '../../src/gate/refusal.ts';
import { type ClaimsPredicate, requiredClaims, requiredScopes } from '../../src/gate/requirement.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import { partsOf } from '../../src/verifier/verifier-parts.ts';
import { forge, publicJwk } from '../forge.ts';
import { testDependencies } from '../test-dependencies.ts';
import { audience, issuer, usualClaims } from '../verification-table.ts';

function open(verifierOptions: Partial<VerifierOptions> = {}) {
  const dependencies = testDependencies();
  const registry = new Registry();
  const verifier = composeVerifier(
    {
      issuer,
      audience,
      jwks: { keys: [publicJwk('es')] },
      revocation: null,
      logger: null,
      metrics: { registry },
      ...verifierOptions,
    },
    dependencies,
  );
  const gateWith = (options: GivenGateOptions = {}) => new Gate(partsOf(verifier), readGateOptions('gate', options));
  const series = async (name: string) =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith(`revocast_${name}{`) && !line.endsWith(' 0'));
  return { dependencies, verifier, gateWith, series };
}

const good = `Bearer ${forge({}, usualClaims)}`;
const requestWith = (authorization?: string): { headers: { authorization: string | undefined } } => ({
  headers: { authorization },
});

function admitted(passage: Passage): Admission {
  if (!passage.pass) throw new Error(`refused: ${passage.reason}`);
  return passage;
}

describe('a gate', () => {
  it('admits a plain object with a good token, the second time synchronously', async () => {
    const { gateWith } = open();
    const gate = gateWith();
    const request = requestWith(good);
    const { auth } = admitted(await gate.enter(request));
    expect(auth).toMatchObject({ subject: usualClaims.sub });
    expect(admissionOf(request)?.auth).toBe(auth);
    expect(gate.enter(requestWith(good))).toMatchObject({ pass: true });
  });

  it('refuses with a complete answer, and notes nothing on the request', async () => {
    const { gateWith, series } = open({ realm: 'api', exposeReason: true });
    const request = requestWith('Bearer bad');
    const refusal = await gateWith().enter(request);
    expect(refusal).toMatchObject({ pass: false, status: 401, reason: 'malformed_token' });
    expect(refusal).toMatchObject({
      headers: {
        'Cache-Control': 'no-store',
        'WWW-Authenticate': expect.stringMatching(/^Bearer realm="api", error="invalid_token", error_description="/),
      },
      body: expect.stringMatching(
        /^\{"error":"invalid_token","error_description":"[^"]+","reason":"malformed_token"\}$/,
      ),
    });
    expect(Reflect.ownKeys(request)).toEqual(['headers']);
    expect(await series('verifications_total')).toEqual([
      'revocast_verifications_total{outcome="rejected",reason="malformed_token",issuer="unknown"} 1',
    ]);
  });

  it('admits a request without credentials only if `anonymous` is on', async () => {
    const { gateWith } = open();
    expect(await gateWith().enter(requestWith())).toMatchObject({ pass: false, reason: 'missing_token' });
    expect(admitted(await gateWith({ anonymous: true }).enter(requestWith())).auth).toBeUndefined();
    expect(await gateWith({ anonymous: true }).enter(requestWith('Bearer bad'))).toMatchObject({ pass: false });
  });

  it('counts a request once behind another gate, and every call of verify()', async () => {
    const { verifier, gateWith, series } = open();
    const request = requestWith(good);
    await gateWith().enter(request);
    await gateWith({ whenUnknown: 'accept' }).enter(request);
    const counted = (times: number) => [
      `revocast_verifications_total{outcome="accepted",reason="none",issuer="issuer.test"} ${times}`,
    ];
    expect(await series('verifications_total')).toEqual(counted(1));
    await verifier.verify(request);
    expect(await series('verifications_total')).toEqual(counted(2));
  });

  it('counts a decision of verify() as it is, also if the verifier only reports', async () => {
    const { verifier, series } = open({ dangerouslyReportOnly: true });
    expect(await verifier.verify(requestWith('Bearer bad'))).toMatchObject({ outcome: 'rejected' });
    expect(await series('verifications_total')).toEqual([
      'revocast_verifications_total{outcome="rejected",reason="malformed_token",issuer="unknown"} 1',
    ]);
  });
});

describe('a gate, when a budget is spent', () => {
  it.each(['unknown_kid_throttled', 'unknown_issuer_throttled'] as const)(
    'answers %s with 429 and a Retry-After that covers the next check, and without a challenge',
    (reason) => {
      const style = { ...partsOf(open({ realm: 'api', exposeReason: true }).verifier).answerStyle };
      const answer = (random: number) =>
        refuse({ reason, retryAfterMs: 12_001 }, { ...style, random: () => random }, {});
      expect(answer(0)).toMatchObject({ pass: false, status: 429 });
      expect(answer(0).headers).toEqual({ 'Cache-Control': 'no-store', 'Retry-After': '13' });
      expect(answer(0.999).headers['Retry-After']).toBe('17');
      expect(JSON.parse(answer(0).body)).toEqual({
        error: 'temporarily_unavailable',
        error_description: expect.stringMatching(/Retry-After/),
        reason,
      });
      expect(errorOf(answer(0))).toMatchObject({ name: 'UnavailableError', code: reason, status: 429 });
    },
  );

  it('has answered no 5xx to 60 random kids while the key server is well', async () => {
    const dependencies = testDependencies({
      fetch: async () => Response.json({ keys: [publicJwk('es')] }),
    });
    const registry = new Registry();
    const options = { issuer, audience, jwksUri: 'https://keys.test/jwks', revocation: null, logger: null } as const;
    const verifier = composeVerifier({ ...options, metrics: { registry } }, dependencies);
    const gate = new Gate(partsOf(verifier), readGateOptions('gate', {}));
    await verifier.prefetch();
    const statuses = new Set<number>();
    for (let at = 0; at < 60; at += 1) {
      const token = forge({ header: { kid: `random-${at}` } }, usualClaims);
      const passage = await gate.enter(requestWith(`Bearer ${token}`));
      if (!passage.pass) statuses.add(passage.status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
    const metrics = await registry.metrics();
    expect(metrics).toContain('jwks_key_lookups_total{issuer="issuer.test",result="unknown_kid_throttled"} 57');
    expect(metrics).toContain('outcome="unavailable",reason="unknown_kid_throttled",issuer="issuer.test"} 57');
    await verifier.close();
  });
});

describe('two gates in a row', () => {
  const needsScope = requiredScopes('scopes', ['orders:read'], 'every');
  /** What each gate does with guards, the weakest first. */
  const gates = {
    'report-only': { verifier: { dangerouslyReportOnly: true }, gate: {} },
    anonymous: { verifier: {}, gate: { anonymous: true } },
    enforcing: { verifier: {}, gate: {} },
  } as const;
  type GateName = keyof typeof gates;
  const names = Object.keys(gates) as GateName[];
  const pass = async (request: ReturnType<typeof requestWith>, name: GateName) =>
    await open(gates[name].verifier).gateWith(gates[name].gate).enter(request);
  /** The status of a route behind the gates and a guard; 200: its handler runs. */
  const statusBehind = async (first: GateName, second: GateName, authorization?: string) => {
    const request = requestWith(authorization);
    for (const name of [first, second]) {
      const passage = await pass(request, name);
      if (!passage.pass) return passage.status;
    }
    const passage = await admissionOf(request)!.authorize(needsScope, requestWith(good));
    return passage.pass ? 200 : passage.status;
  };
  const pairs = names.flatMap((first) => names.map((second) => [first, second] as const));

  it.each(pairs)('%s, then %s: the guard enforces what the stronger one does', async (first, second) => {
    const enforces = [first, second].some((name) => name !== 'report-only');
    expect({
      insufficient: await statusBehind(first, second, good),
      bad: await statusBehind(first, second, 'Bearer bad'),
      none: await statusBehind(first, second),
    }).toEqual({
      insufficient: enforces ? 403 : 200,
      bad: enforces ? 401 : 200,
      // An anonymous request has no token for the guard; an enforcing gate does not let it reach the guard.
      none: enforces ? 401 : 200,
    });
  });

  it.each(pairs)('%s, then %s: req.auth is set if one of them sets it', async (first, second) => {
    const request: ReturnType<typeof requestWith> & { auth?: unknown } = requestWith(good);
    for (const name of [first, second]) await pass(request, name);
    const sets = [first, second].some((name) => name !== 'report-only');
    expect({ auth: request.auth !== undefined, admitted: admissionOf(request)?.auth !== undefined }).toEqual({
      auth: sets,
      admitted: sets,
    });
  });

  it('keeps the token that was accepted when its field is gone at an anonymous gate', async () => {
    const request: ReturnType<typeof requestWith> & { auth?: unknown } = requestWith(good);
    await pass(request, 'enforcing');
    request.headers = { authorization: undefined };
    await pass(request, 'anonymous');
    expect(admissionOf(request)?.auth).toBe(request.auth);
    expect(request.auth).toBeDefined();
  });
});

describe('an admitted request', () => {
  const enter = async (verifierOptions: Partial<VerifierOptions> = {}, options: GivenGateOptions = {}) => {
    const opened = open(verifierOptions);
    const authorization = options.anonymous ? undefined : good;
    return { ...opened, admission: admitted(await opened.gateWith(options).enter(requestWith(authorization))) };
  };
  const needsScope = requiredScopes('scopes', ['orders:read'], 'every');

  it('is refused if its token does not meet a requirement, and passes in report-only mode', async () => {
    const { admission } = await enter();
    expect(admission.authorize(needsScope, requestWith(good))).toMatchObject({
      pass: false,
      status: 403,
      headers: { 'WWW-Authenticate': expect.stringMatching(/error="insufficient_scope".* scope="orders:read"$/) },
    });
    const reporting = await enter({ dangerouslyReportOnly: true });
    expect(reporting.admission.authorize(needsScope, requestWith(good))).toBe(reporting.admission);
    expect(await reporting.series('authorizations_total')).toEqual([
      'revocast_authorizations_total{outcome="would_reject",reason="insufficient_scope"} 1',
    ]);
  });

  it('is asked to authenticate at a requirement if it is anonymous', async () => {
    const { admission } = await enter({}, { anonymous: true });
    expect(admission.authorize(needsScope, requestWith(good))).toMatchObject({
      status: 401,
      reason: 'missing_token',
      headers: { 'WWW-Authenticate': 'Bearer scope="orders:read"' },
    });
  });

  it('waits 3 s for a predicate that never settles, and then answers 500', async () => {
    const { admission, dependencies } = await enter();
    const pending: ClaimsPredicate = () => new Promise(() => {});
    let answer: Passage | undefined;
    const waiting = Promise.resolve(admission.authorize(requiredClaims('claims', pending), requestWith(good))).then(
      (passage) => {
        answer = passage;
      },
    );
    await dependencies.clock.advance(2999);
    expect(answer).toBeUndefined();
    await dependencies.clock.advance(1);
    await waiting;
    expect(answer).toMatchObject({ pass: false, status: 500, reason: 'internal_error' });
  });
});
