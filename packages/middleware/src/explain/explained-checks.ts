import type { ClaimName } from '../options/profiles.ts';
import {
  boundedToleranceMs,
  type Check,
  checkAge,
  checkAlgorithm,
  checkAudience,
  checkContentType,
  checkExpiry,
  checkIssuedAt,
  checkKind,
  checkLifetime,
  checkNotBefore,
  checkRequiredClaims,
  checkRevocableClaims,
  checkScope,
  checkType,
  iatToleranceOf,
  isNumericDate,
  type TokenUnderTest,
} from '../token/claims.ts';
import { maxValueLength } from '../token/dimensions.ts';
import { isAbsent } from '../token/json.ts';

/** What a check expects and what a token has, in words that contain no value of the token. */
interface CheckWords {
  readonly name: string;
  readonly expected: (token: TokenUnderTest) => string;
  readonly found: (token: TokenUnderTest) => string;
}

const timeIn =
  (name: 'exp' | 'nbf' | 'iat') =>
  ({ claims, nowMs }: TokenUnderTest) =>
    timeOf(claims[name], nowMs);

/** The words for each check of verify-access-token.ts. */
export const explainedChecks: ReadonlyMap<Check, CheckWords> = new Map<Check, CheckWords>([
  [
    checkType,
    {
      name: 'typ',
      expected: ({ policy }) => oneOf(policy.types.map((type) => (type === '' ? 'none' : type))),
      found: ({ header }) => header.typ?.toLowerCase().match(knownTypes)?.[0] ?? kindOf(header.typ),
    },
  ],
  [checkContentType, { name: 'cty', expected: () => 'anything but JWT', found: ({ header }) => kindOf(header.cty) }],
  [
    checkAlgorithm,
    {
      name: 'alg',
      expected: ({ policy }) => oneOf(policy.algorithms),
      found: ({ header }) => header.alg.match(knownAlgorithmNames)?.[0] ?? kindOf(header.alg),
    },
  ],
  [
    checkExpiry,
    {
      name: 'exp',
      expected: ({ policy }) => `a time less than ${seconds(boundedToleranceMs(policy.clockToleranceMs))} ago`,
      found: timeIn('exp'),
    },
  ],
  [
    checkKind,
    {
      name: 'kind of token',
      expected: ({ policy }) =>
        [
          'no claim of an ID or logout token',
          ...Object.entries(policy.fixedClaims).map(([name, values]) => `${name}: ${oneOf(values)}`),
          ...(policy.idTokensLookAlike
            ? [
                `typ at+jwt, a scope, ${policy.mayNameNoClient ? 'no claim of a sign-in, ' : ''}or a client that is not the audience; no nonce`,
              ]
            : []),
        ].join(', '),
      found: ({ claims, policy }) =>
        `members: ${[
          'at_hash',
          'c_hash',
          's_hash',
          'events',
          'nonce',
          ...policy.scopeClaims,
          ...Object.keys(policy.fixedClaims),
        ]
          .filter((name) => !isAbsent(claims[name]))
          .join(', ')}`,
    },
  ],
  [
    checkRequiredClaims,
    {
      name: 'required claims',
      expected: ({ policy }) => policy.requiredClaims.map((name) => [name].flat().join(' or ')).join(', ') || 'none',
      found: ({ claims, policy }) => kindsOf(claims, policy.requiredClaims),
    },
  ],
  [
    checkAudience,
    {
      name: 'aud',
      expected: ({ policy }) => (policy.audience === null ? 'any' : oneOf(policy.audience)),
      found: ({ claims, policy }) => nearest(audienceOf(claims, policy), policy.audience ?? []),
    },
  ],
  [
    checkNotBefore,
    {
      name: 'nbf',
      expected: ({ policy }) => `nothing, or a time at most ${seconds(policy.clockToleranceMs)} ahead`,
      found: timeIn('nbf'),
    },
  ],
  [
    checkIssuedAt,
    {
      name: 'iat',
      expected: (token) => `a time at most ${seconds(iatToleranceOf(token))} ahead`,
      found: timeIn('iat'),
    },
  ],
  [
    checkLifetime,
    {
      name: 'lifetime',
      expected: ({ policy }) => `exp - iat of at most ${seconds(policy.maxTokenLifetimeMs)}`,
      found: ({ claims: { exp, iat } }) =>
        isNumericDate(exp) && isNumericDate(iat) ? seconds((exp - iat) * 1000) : 'not two times',
    },
  ],
  [
    checkAge,
    {
      name: 'age',
      expected: ({ policy: { maxTokenAgeMs } }) =>
        maxTokenAgeMs === undefined ? 'any' : `at most ${seconds(maxTokenAgeMs)} since iat`,
      found: timeIn('iat'),
    },
  ],
  [
    checkRevocableClaims,
    {
      name: 'what a revocation can name',
      expected: ({ policy }) =>
        `a subject (${[policy.claimMap.subject].flat().join(' or ')}); the others absent or strings; each of at most ${maxValueLength} characters`,
      found: ({ claims, policy }) => kindsOf(claims, Object.values<ClaimName>({ ...policy.claimMap })),
    },
  ],
  [
    checkScope,
    {
      name: 'scope',
      expected: ({ policy }) => `${policy.scopeClaims.join(', ')}: absent, strings or arrays of strings`,
      found: ({ claims, policy }) => kindsOf(claims, policy.scopeClaims),
    },
  ],
]);

const knownTypes = /^(?:application\/)?(?:at\+jwt|jwt|logout\+jwt|dpop\+jwt|id\+jwt|okta-internal-at\+jwt)$/;
const knownAlgorithmNames = /^(?:(?:[RPEH]S(?:256|384|512))|ES256K|EdDSA|Ed25519|none)$/i;

/** The kind of a value, never the value. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return value === '' ? 'an empty string' : `a string of ${value.length} characters`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Describes the difference for the common mistakes, which are one character long. */
export function nearest(value: unknown, wanted: readonly string[]): string {
  for (const text of [value].flat()) {
    if (typeof text !== 'string') continue;
    if (wanted.includes(text)) return 'one of them';
    if (wanted.some((one) => one === `${text}/` || `${one}/` === text)) return 'the same except for a slash at the end';
    if (wanted.some((one) => one.toLowerCase() === text.toLowerCase()))
      return 'the same except for upper and lower case';
  }
  return kindOf(value);
}

export function oneOf(names: readonly string[]): string {
  return names.length === 1 ? String(names[0]) : `one of ${names.join(', ')}`;
}

function kindsOf(claims: TokenUnderTest['claims'], names: readonly ClaimName[]): string {
  const listed = [...new Set(names.flatMap((name) => name ?? []))];
  return listed.map((name) => `${name}: ${kindOf(claims[name])}`).join(', ') || 'nothing';
}

function audienceOf(claims: TokenUnderTest['claims'], { audienceClaims }: TokenUnderTest['policy']): unknown {
  const present = audienceClaims.map((name) => claims[name]).filter((claim) => claim !== undefined);
  return present.length > 1 ? present.flat() : present[0];
}

function timeOf(value: unknown, nowMs: number): string {
  if (!isNumericDate(value)) {
    return typeof value === 'number' && value > 1e11 ? 'a number too large for seconds' : kindOf(value);
  }
  const aheadMs = value * 1000 - nowMs;
  return aheadMs > 0 ? `a time ${seconds(aheadMs)} ahead` : `a time ${seconds(-aheadMs)} ago`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
