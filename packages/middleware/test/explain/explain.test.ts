import { describe, expect, it } from '@jest/globals';
import { digestOf, digestToHex } from '@revocast/denylist/replica';
import { explain } from '../../src/explain/explain.ts';
import { explainedChecks } from '../../src/explain/explained-checks.ts';
import { fixes } from '../../src/explain/fixes.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { checksAfterSignature, checksBeforeSignature } from '../../src/verify-access-token.ts';
import { forge, thumbprintOf } from '../forge.ts';
import { reasonOf } from '../table-run.ts';
import { buildBench, optionsOf, requestOf } from '../verification-bench.ts';
import { nowSeconds, type Row, rows, usualClaims } from '../verification-table.ts';

const nowMs = nowSeconds * 1000;
const explainBench = (row: Row) => {
  const { fields } = requestOf(row);
  return explain(fields[0]?.[1] ?? '', optionsOf(row.bench ?? 'plain'), { nowMs });
};

/** Rows with one field and given keys that depend only on the token. */
const offline = rows.filter(
  ({ sends, bench = 'plain', authorization, guard, reason, firstSentAt, proof, headers }) =>
    // A proof or a certificate belongs to a request.
    proof === undefined &&
    headers === undefined &&
    !bench.startsWith('certificates') &&
    !reason.startsWith('dpop_') &&
    // A text without white space is read as the token itself.
    !['the token without a scheme', 'Bearer alone'].includes(sends) &&
    (authorization === undefined || typeof authorization === 'string') &&
    guard === undefined &&
    firstSentAt === undefined &&
    !reason.startsWith('revoked_') &&
    !reason.includes('unavailable') &&
    reason !== 'internal_error' &&
    // Offline, neither keys nor the log are read.
    !bench.endsWith('budget spent') &&
    bench !== 'slow checks busy' &&
    !['remote keys', 'keys out of reach', 'log restarted'].includes(bench) &&
    optionsOf(bench) !== undefined,
);

describe('explain', () => {
  it.each(offline.map((row) => [row.bench ?? 'plain', row.sends, row.reason, row] as const))(
    '(%s) returns for %s the reason of the verifier: %s',
    async (_bench, _sends, reason, row) => {
      const explanation = await explainBench(row);
      expect(explanation.reason ?? 'none').toBe(reason);
      expect(explanation.outcome).toBe(reason === 'none' ? 'accepted' : 'rejected');
    },
  );

  it('shows no 12 consecutive characters of a token', async () => {
    for (const row of rows) {
      const { token } = requestOf(row);
      const text = JSON.stringify(await explainBench(row));
      for (let at = 0; at + 12 <= token.length; at += 1) {
        if (text.includes(token.slice(at, at + 12))) throw new Error(`a part of the token of "${row.sends}" is shown`);
      }
    }
  });

  it('shows no value of a claim', async () => {
    const secret = 'value-of-a-claim';
    const claims = Object.fromEntries(
      ['iss', 'aud', 'sub', 'client_id', 'jti', 'iat', 'exp', 'nbf', 'scope', 'cnf', 'typ'].map((name) => [
        name,
        secret,
      ]),
    );
    for (const changed of [claims, { ...claims, iss: usualClaims.iss }]) {
      const token = forge({ claims: changed, header: { typ: secret, kid: secret, alg: secret } }, usualClaims);
      expect(JSON.stringify(await explain(token, optionsOf('plain'), { nowMs }))).not.toContain(secret);
    }
  });

  it('names the digests under which a revocation can deny the token, also of one that it rejects', async () => {
    const { iss: issuer = '' } = usualClaims as { iss?: string };
    const changed = { sid: 's-1', exp: nowSeconds - 3600, iat: nowSeconds - 7200.5 };
    const { outcome, revocableBy, issuedAt } = await explain(
      forge({ claims: changed }, usualClaims),
      optionsOf('plain'),
      {
        nowMs,
      },
    );
    expect({ outcome, issuedAt }).toEqual({ outcome: 'rejected', issuedAt: nowSeconds - 7201 });
    const session = digestToHex(digestOf({ dimension: 'session', issuer, value: 's-1' }));
    expect(revocableBy).toContainEqual({ dimension: 'session', digest: session });
    expect(new Set(revocableBy.map(({ dimension }) => dimension))).toEqual(
      new Set(['token', 'session', 'subject', 'client', 'subject_client', 'key', 'issuer']),
    );
  });

  it('names no digest for a token of another issuer', async () => {
    const token = forge({ claims: { iss: 'https://other.test/' } }, usualClaims);
    expect(await explain(token, optionsOf('plain'), { nowMs })).toMatchObject({ revocableBy: [] });
  });

  it('runs every check in order, and continues after a failure', async () => {
    const { checks } = await explain(
      forge({ claims: { aud: 'https://x.test', exp: nowSeconds - 60 } }, usualClaims),
      optionsOf('plain'),
      { nowMs },
    );
    expect(checks.map(({ check }) => check)).toEqual([
      'Authorization',
      'structure',
      'iss',
      'typ',
      'cty',
      'alg',
      'exp',
      'kid',
      'signature',
      'kind of token',
      'required claims',
      'aud',
      'nbf',
      'iat',
      'lifetime',
      'age',
      'what a revocation can name',
      'scope',
      'cnf',
      'revocation',
    ]);
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([
      {
        check: 'exp',
        outcome: 'failed',
        expected: 'a time less than 5 s ago',
        found: 'a time 60 s ago',
        reason: 'expired',
        fix: fixes.expired,
      },
      {
        check: 'aud',
        outcome: 'failed',
        expected: 'https://api.test',
        found: 'a string of 14 characters',
        reason: 'wrong_audience',
        fix: fixes.wrong_audience,
      },
    ]);
  });

  it.each([
    ['iss', { iss: 'https://issuer.test' }, 'the same except for a slash at the end'],
    ['iss', { iss: 'https://ISSUER.test/' }, 'the same except for upper and lower case'],
    ['aud', { aud: ['https://x.test', 'https://api.test/'] }, 'the same except for a slash at the end'],
    ['exp', { exp: nowMs }, 'a number too large for seconds'],
    ['iat', { iat: nowSeconds + 90 }, 'a time 90 s ahead'],
  ])('describes the common mistakes with %s: %j', async (name, claims, found) => {
    const { checks } = await explain(forge({ claims }, usualClaims), optionsOf('plain'), { nowMs });
    expect(checks.find(({ check }) => check === name)).toMatchObject({ outcome: 'failed', found });
  });

  it('is undecided without keys, and says what to pass', async () => {
    const { jwks: _jwks, ...withoutKeys } = optionsOf('plain');
    const explanation = await explain(forge({}, usualClaims), withoutKeys as VerifierOptions, { nowMs });
    expect(explanation.outcome).toBe('undecided');
    expect(explanation.checks.find(({ check }) => check === 'signature')).toMatchObject({
      outcome: 'skipped',
      fix: expect.stringContaining('jwks: { keys'),
    });
  });

  it.each([
    ['a bound token as Bearer', 'Bearer', { jkt: thumbprintOf('es') }, 'rejected', 'binding_mismatch'],
    ['a bound token under DPoP', 'DPoP', { jkt: thumbprintOf('es') }, 'undecided', undefined],
    ['an unbound token under DPoP', 'DPoP', undefined, 'rejected', 'binding_mismatch'],
    ['a certificate', 'Bearer', { 'x5t#S256': thumbprintOf('es') }, 'undecided', undefined],
    ['an unknown binding', 'Bearer', { kid: 'x' }, 'rejected', 'binding_mismatch'],
  ])('decides about %s as far as possible without a request', async (_what, scheme, cnf, outcome, reason) => {
    const token = forge({ claims: { cnf } }, usualClaims);
    const explanation = await explain(`${scheme} ${token}`, optionsOf('proofs'), { nowMs });
    expect([explanation.outcome, explanation.reason]).toEqual([outcome, reason]);
  });

  it('uses the current time by default', async () => {
    expect(await explain(forge({}, usualClaims), optionsOf('plain'))).toMatchObject({ reason: 'expired' });
  });

  it('calls the hook for issuers', async () => {
    const { issuer: _issuer, jwks, ...rest } = optionsOf('plain') as VerifierOptions;
    const token = forge({}, usualClaims);
    const knowing = { ...rest, issuers: { resolve: async () => ({ jwks: jwks! }) } };
    expect(await explain(token, knowing, { nowMs })).toMatchObject({ outcome: 'accepted' });
    const refusing = { ...rest, issuers: { resolve: async () => null } };
    expect(await explain(token, refusing, { nowMs })).toMatchObject({ reason: 'untrusted_issuer' });
  });

  it('describes every check of the verifier', () => {
    for (const check of [...checksBeforeSignature, ...checksAfterSignature]) {
      expect(explainedChecks.get(check)?.name).toEqual(expect.any(String));
    }
  });

  it('agrees with the verifier about a valid token', async () => {
    const { verifier } = await buildBench('plain');
    const token = forge({}, usualClaims);
    const decision = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
    expect([reasonOf(decision), (await explain(token, optionsOf('plain'), { nowMs })).outcome]).toEqual([
      'none',
      'accepted',
    ]);
  });
});
