import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { forge, publicJwk, type Recipe, resign, twinSignature } from './forge.ts';
import { reasonOf } from './table-run.ts';
import { type Bench, buildBench } from './verification-bench.ts';
import { audience, issuer, nowSeconds, usualClaims } from './verification-table.ts';

const cases = 4000;
const now = nowSeconds;

/** jose alone, with the same issuer, audience, algorithms, typ, tolerance and required claims. */
const joseKeys = createLocalJWKSet({
  keys: [publicJwk('es'), publicJwk('p384'), publicJwk('rsa'), publicJwk('ed')],
} as never);

async function joseAccepts(token: string): Promise<boolean> {
  try {
    await jwtVerify(token, joseKeys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256', 'ES384', 'RS256', 'EdDSA'],
      clockTolerance: 5,
      currentDate: new Date(now * 1000),
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    });
    return true;
  } catch {
    return false;
  }
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, '', 0, -1, 1.5, 1e308, true, [], {}, ['a'], { a: 1 }, now * 1000, 'x'),
  fc.string({ maxLength: 8 }),
  fc.integer({ min: now - 400_000, max: now + 400_000 }),
);
const claimNames = ['iss', 'aud', 'sub', 'client_id', 'jti', 'iat', 'exp', 'nbf', 'scope', 'sid', 'cnf', 'events'];
const headerNames = ['alg', 'kid', 'typ', 'cty', 'crit', 'b64', 'jku', 'jwk', 'zip'];
const spoils: readonly ((token: string) => string)[] = [
  (token) => `${token}=`,
  (token) => `${token} `,
  (token) => `${token}\n`,
  (token) => token.slice(0, -1),
  (token) => token.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  (token) => token.replaceAll('-', '+').replaceAll('_', '/'),
  resign(twinSignature),
  resign((bytes) => bytes.subarray(1)),
];

const recipe = fc.record(
  {
    claims: fc.oneof(
      { weight: 3, arbitrary: fc.dictionary(fc.constantFrom(...claimNames), odd, { maxKeys: 2 }) },
      fc.constantFrom(
        `${JSON.stringify(usualClaims).slice(0, -1)},"sub":"user-2"}`,
        `${JSON.stringify(usualClaims).slice(0, -1)},"__proto__":{}}`,
        `${JSON.stringify(usualClaims).slice(0, -1)},"deep":${'['.repeat(40)}${']'.repeat(40)}}`,
        `\ufeff${JSON.stringify(usualClaims)}`,
        ` ${JSON.stringify(usualClaims)}`,
      ),
    ),
    header: fc.dictionary(fc.constantFrom(...headerNames), odd, { maxKeys: 1 }),
    signer: fc.constantFrom('es', 'p384', 'rsa', 'ed', 'other', 'hmac'),
    spoil: fc.constantFrom(...spoils),
  },
  { requiredKeys: [] },
);

/**
 * The reasons for which Revocast refuses tokens that jose accepts, each with the stricter rule. jose verifies JWTs of any
 * kind; Revocast verifies access tokens that can be revoked.
 */
const stricter: Readonly<Record<string, string>> = {
  malformed_token: 'one spelling, no repeated or __proto__ members, bounded depth, a readable kid and cty',
  malformed_request: 'white space is not part of a token',
  missing_kid: 'no key is guessed if several of the set fit (jose has one of each kind)',
  wrong_typ: 'a token inside a token (cty), an ID or logout token',
  unsupported_crit: 'b64 outside of crit can be read in two ways',
  invalid_claim: 'claims that a revocation can name must be readable, and times must be dates',
  not_yet_valid: 'a cutoff does not cover an iat in the future',
  too_long_lived: 'lifetimes are bounded, because rules are removed',
  binding_mismatch: 'a bound token is not a bearer token',
};

/** Revocast takes an optional claim that is null for absent: some serializers write it. jose refuses it as `nbf`. */
function hasNullClaim({ claims }: { readonly claims?: unknown }): boolean {
  return typeof claims === 'object' && claims !== null && 'nbf' in claims && claims.nbf === null;
}

describe(`${cases} random changes of a good token`, () => {
  let plain: Bench;
  const onlyJose = new Map<string, number>();
  const onlyUs: string[] = [];
  let both = 0;

  beforeAll(async () => {
    plain = await buildBench('plain');
    await fc.assert(
      fc.asyncProperty(recipe, async (changed) => {
        const token = forgeOrUndefined(changed as Recipe);
        if (token === undefined) return;
        const ours = reasonOf(await plain.verifier.verify({ headers: { authorization: `Bearer ${token}` } }));
        const theirs = await joseAccepts(token);
        if (ours === 'none' && theirs) both += 1;
        if (ours === 'none' && !theirs && !hasNullClaim(changed)) onlyUs.push(JSON.stringify(changed));
        if (ours !== 'none' && theirs) onlyJose.set(ours, (onlyJose.get(ours) ?? 0) + 1);
      }),
      { numRuns: cases },
    );
  }, 300_000);

  it('contain none that Revocast accepts and jose refuses', () => {
    expect(onlyUs).toEqual([]);
    expect(both).toBeGreaterThan(cases / 100);
  });

  it('contain none that jose accepts and Revocast refuses without a stricter rule', () => {
    expect([...onlyJose.keys()].filter((reason) => stricter[reason] === undefined)).toEqual([]);
    expect(onlyJose.size).toBeGreaterThanOrEqual(5);
  });
});

/** One written example for each reason: random changes are different in each run. */
describe('jose accepts and Revocast refuses', () => {
  const claims = (changed: object): Recipe => ({ claims: changed as never });
  const header = (changed: object): Recipe => ({ header: changed as never });
  const examples: readonly (readonly [reason: string, recipe: Recipe])[] = [
    ['malformed_token', { claims: `${JSON.stringify(usualClaims).slice(0, -1)},"sub":"user-2"}` }],
    ['malformed_token', header({ cty: 7 })],
    ['malformed_request', { spoil: (token) => `${token}\n` }],
    ['missing_kid', header({ kid: undefined })],
    ['wrong_typ', header({ cty: 'JWT' })],
    ['wrong_typ', claims({ events: {} })],
    ['unsupported_crit', header({ b64: false })],
    ['invalid_claim', claims({ sid: 7 })],
    ['invalid_claim', claims({ scope: {} })],
    ['not_yet_valid', claims({ iat: now + 60 })],
    ['too_long_lived', claims({ exp: now + 90_000 })],
    ['binding_mismatch', claims({ cnf: { jkt: 'x' } })],
  ];

  it('an example for every reason of the list', () => {
    expect([...new Set(examples.map(([reason]) => reason))].sort()).toEqual(Object.keys(stricter).sort());
  });

  it.each(examples)('with %s: %j', async (reason, changed) => {
    const plain = await buildBench('plain');
    const token = forge(changed, usualClaims);
    expect(await joseAccepts(token)).toBe(true);
    expect(reasonOf(await plain.verifier.verify({ headers: { authorization: `Bearer ${token}` } }))).toBe(reason);
  });
});

/** Some values cannot be made into a token. Then there is nothing to compare. */
function forgeOrUndefined(changed: Recipe): string | undefined {
  try {
    return forge(changed, usualClaims);
  } catch {
    return undefined;
  }
}
