import { ConfigurationError } from '@revocast/denylist/replica';
import { type JsonMembers, type SigningKey, signToken } from './signing-key.ts';
import type { ShapedToken, TestProfile } from './token-shapes.ts';

/** The kid of a key for encryption, which the key set of the kit has too. */
export const encryptionKid = 'encryption';

/** How a bad token differs from a good one. */
interface Fault {
  readonly header?: JsonMembers;
  readonly claims?: JsonMembers;
  /** Signs with a key that is not in the key set. */
  readonly foreign?: true;
  readonly spoil?: (token: string) => string;
}

interface FaultContext {
  readonly profile: TestProfile;
  readonly issuedAt: number;
}

const hour = 3600;
/** Older than this a token is `too_old` for the options of the kit. Milliseconds. */
export const maxTokenAgeMs = 12 * hour * 1000;
const anotherIssuer = 'https://another-issuer.example/';
const anotherAudience = 'https://another-api.example';

/** Every reason to reject a request that its token alone can cause, other than a revocation. */
const faults = {
  malformed_token: () => ({ spoil: (token) => token.slice(0, token.lastIndexOf('.')) }),
  // Above the default of `maxTokenBytes`, and below the 16 KiB that Node allows for a header section.
  token_too_large: () => ({ claims: { padding: 'x'.repeat(7000) } }),
  wrong_typ: () => ({ header: { typ: 'logout+jwt' } }),
  alg_not_allowed: () => ({ header: { alg: 'none' } }),
  unsupported_crit: () => ({ header: { crit: ['exp'] } }),
  unknown_kid: () => ({ header: { kid: 'another-key' } }),
  missing_kid: () => ({ header: { kid: undefined } }),
  key_not_usable: () => ({ header: { kid: encryptionKid } }),
  bad_signature: () => ({ foreign: true }),
  untrusted_issuer: () => ({ claims: { iss: anotherIssuer } }),
  wrong_audience: ({ profile }) => ({
    claims: profile === 'cognito' ? { aud: undefined, client_id: 'another-client' } : { aud: anotherAudience },
  }),
  expired: ({ issuedAt }) => ({ claims: { iat: issuedAt - hour, exp: issuedAt - 10 * 60 } }),
  not_yet_valid: ({ issuedAt }) => ({ claims: { nbf: issuedAt + 10 * 60 } }),
  too_old: ({ issuedAt }) => ({ claims: { iat: issuedAt - 13 * hour } }),
  too_long_lived: ({ issuedAt }) => ({ claims: { exp: issuedAt + 30 * 24 * hour } }),
  missing_claim: () => ({ claims: { exp: undefined } }),
  invalid_claim: () => ({ claims: { exp: 'tomorrow' } }),
  binding_mismatch: () => ({ claims: { cnf: { jkt: 'the-thumbprint-of-another-key' } } }),
} as const satisfies Record<string, (context: FaultContext) => Fault>;

export type BadTokenReason = keyof typeof faults;
export const badTokenReasons = Object.keys(faults) as readonly BadTokenReason[]; // faults has no other keys

/** @throws ConfigurationError for a value that is no reason of {@link badTokenReasons}. */
export function checkBadTokenReason(value: unknown): BadTokenReason {
  const found = badTokenReasons.find((reason) => reason === value);
  if (found !== undefined) return found;
  throw new ConfigurationError('reason', `expected one of ${badTokenReasons.join(', ')}`);
}

export interface BadTokenKeys {
  readonly key: SigningKey;
  /** Has the `kid` of the other one, and is in no key set. */
  readonly foreignKey: SigningKey;
}

/** Signs a token that is rejected for exactly one reason. */
export function signBadToken(
  reason: BadTokenReason,
  { header, claims }: ShapedToken,
  context: FaultContext & BadTokenKeys,
): string {
  const fault: Fault = faults[reason](context);
  const key = fault.foreign ? context.foreignKey : context.key;
  const token = signToken(key, { ...claims, ...fault.claims }, { ...header, ...fault.header });
  return fault.spoil?.(token) ?? token;
}
