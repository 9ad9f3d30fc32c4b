import { isName, type JsonObject } from '@revocast/denylist/replica';
import { parseSigned } from '@revocast/middleware/keys';
import { compactVerify, errors } from 'jose';
import { type Refused, refuse, type VerifyingContext } from '../reading.ts';
import type { Refusal } from '../refusal.ts';
import type { Unverified } from '../signal.ts';

/** Longest signed message that is read, in bytes. */
export const mostMessageBytes = 65_536;
const longestKid = 256;
/** RFC 8725 §3.1, §3.2: asymmetric only; `Ed25519` is the name that RFC 9864 gives to what `EdDSA` means. */
const algorithms: readonly string[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** After this time a sender may have published its new key. */
const unknownKidRetryMs = 30_000;
const keysDownRetryMs = 5_000;

/** What a kind of signed message must look like, beside its signature. */
export interface SignedForm {
  /** Accepted values of the header `typ`, in lower case; empty: absent. */
  readonly types: readonly string[];
  /** Applied to claims that cannot be verified now: a message that would be refused in any case must not wait for a key. */
  readonly checkClaims?: (claims: JsonObject) => Refusal | undefined;
}

export type Verification = { readonly outcome: 'verified'; readonly claims: JsonObject } | Refused | Unverified;

/**
 * Verifies form, `typ`, `iss` and signature of a message, in this order: a message of another issuer causes no look-up of a key. The key is
 * found by `kid` and `alg` among those of the source. `jku`, `x5u`, `jwk` and `x5c` are never read: the content of a message
 * causes no fetch.
 *
 * @param message UTF-8 bytes of a JWS in compact serialization (RFC 7515 §7.1).
 */
export async function verifySigned(
  message: Uint8Array,
  { types, checkClaims }: SignedForm,
  { source, keys }: VerifyingContext,
): Promise<Verification> {
  if (message.length > mostMessageBytes) return refuse('too_large');
  const text = Buffer.from(message).toString('latin1');
  const parsed = parseSigned(text, mostMessageBytes);
  if (!parsed.ok) return refuse(parsed.reason === 'unsupported_crit' ? 'unsupported_crit' : 'malformed');
  const { members, payload } = parsed;
  const { alg, kid, typ = '' } = members;
  if (typeof typ !== 'string' || !types.includes(mediaTypeOf(typ))) return refuse('wrong_typ');
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return refuse('wrong_alg');
  if (kid !== undefined && (!isName(kid) || kid.length > longestKid)) return refuse('malformed');
  if (payload['iss'] !== source.issuer) return refuse('wrong_issuer');

  const unverified = (why: Omit<Unverified, 'outcome'>): Refused | Unverified => {
    const refusal = checkClaims?.(payload);
    return refusal === undefined ? { outcome: 'unavailable', ...why } : refuse(refusal);
  };
  const found = await keys.findKey({ kid, alg });
  if (found.outcome === 'unavailable') {
    const { reason, retryAfterMs = keysDownRetryMs } = found;
    return reason === 'unknown_kid_throttled'
      ? unverified({ status: 429, why: 'unknown_key', retryAfterMs })
      : unverified({ status: 503, why: 'keys_unavailable', retryAfterMs });
  }
  if (found.outcome === 'rejected') {
    if (found.reason !== 'unknown_kid') return refuse('unusable_key');
    // The sender may have rotated its key a moment ago: this must not become a fault of the message.
    return unverified({ status: 429, why: 'unknown_key', retryAfterMs: unknownKidRetryMs, isKidUnknown: true });
  }
  const { key } = found;
  if (!key.algorithms.includes(alg)) return refuse('unusable_key');
  try {
    await compactVerify(text, key.key, { algorithms: [alg] });
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return refuse('bad_signature');
    // The key does not fit the algorithm, as an RSA key of 1024 bits.
    return refuse('unusable_key');
  }
  return { outcome: 'verified', claims: payload };
}

/** RFC 7515 §4.1.9: names compare without case, and `application/` may be omitted. */
function mediaTypeOf(typ: string): string {
  const name = typ.toLowerCase();
  return name.startsWith('application/') ? name.slice('application/'.length) : name;
}
