import { type JsonObject, readJsonObject } from './json.ts';

/** Longest token read, in characters, unless the option `maxTokenBytes` says otherwise; and longest DPoP proof. */
export const defaultMaxTokenBytes = 8_192;
/** Longest `kid` read, in characters: it becomes a key of bounded maps. */
export const maxKidLength = 256;

/** The header members that verification reads. The others (`jku`, `x5u`, `jwk`, `x5c`, …) are never read. */
export interface CompactHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly cty?: string;
}

/** Why a string is rejected as a token. */
export type CompactRefusal = 'malformed_token' | 'token_too_large' | 'unsupported_crit';

/** The parts of a signed token, decoded and **not verified**. */
export interface CompactToken {
  readonly header: CompactHeader;
  readonly payload: JsonObject;
  /** The complete token as received. */
  readonly text: string;
  /** `header.payload` as received: the signed text. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

export type CompactParse =
  | ({ readonly ok: true } & CompactToken)
  | { readonly ok: false; readonly reason: CompactRefusal };

function refused(reason: CompactRefusal): CompactParse & { ok: false } {
  return { ok: false, reason };
}

/** Any signed JWT, with all header members. */
export type SignedParts = Omit<CompactToken, 'header'> & { readonly members: JsonObject };

/**
 * Reads a token in JWS compact serialization, more strictly than RFC 7515 requires: each token has one accepted spelling.
 *
 * @param token its length is checked before anything is decoded.
 * @param maxBytes as the option `maxTokenBytes`.
 * @returns the decoded, **unverified** parts, or the reason of the rejection. Never throws.
 * @see RFC 7515 §7.1, RFC 8725 §3.
 */
export function parseCompact(token: string, maxBytes = defaultMaxTokenBytes): CompactParse {
  const parts = parseSigned(token, maxBytes);
  if (!parts.ok) return parts;
  const { members, ...others } = parts;
  const header = readHeader(members);
  return header === undefined ? refused('malformed_token') : { ...others, header };
}

/** The same for any signed JWT; the caller reads the header. The parts are **unverified**. Never throws. */
export function parseSigned(
  token: string,
  maxBytes = defaultMaxTokenBytes,
): ({ readonly ok: true } & SignedParts) | (CompactParse & { ok: false }) {
  if (token.length > maxBytes) return refused('token_too_large');

  const parts = splitInThree(token);
  if (parts === undefined) return refused('malformed_token');
  const [headerBytes, payloadBytes, signature] = parts.map(decodeBase64url);
  if (headerBytes === undefined || payloadBytes === undefined || signature === undefined) {
    return refused('malformed_token');
  }

  const members = readJsonObject(headerBytes);
  const payload = readJsonObject(payloadBytes);
  if (members === undefined || payload === undefined) return refused('malformed_token');
  // RFC 7515 §4.1.11: an unknown extension must be rejected. None is known here, and an empty `crit` is invalid.
  // RFC 7797 §6 requires `b64` to be listed in `crit`: unlisted, it would be read in two ways.
  const { crit, b64 = true } = members;
  if (crit !== undefined || b64 !== true) return refused('unsupported_crit');
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return { ok: true, members, payload, text: token, signingInput, signature };
}

/** Five parts are an encrypted token (RFC 7516 §7.1), two parts an unsigned one without its last dot: both rejected. */
function splitInThree(token: string): readonly string[] | undefined {
  const parts = token.split('.', 4);
  return parts.length === 3 ? parts : undefined;
}

/**
 * Decodes canonical base64url: no padding, no `+` or `/`, no white space, no unused bits set in the last character. Node
 * accepts all of these, so only a text that encodes back to itself is accepted (RFC 4648 §3.5).
 */
function decodeBase64url(text: string): Uint8Array | undefined {
  if (text === '') return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function readHeader(members: JsonObject): CompactHeader | undefined {
  const { alg, kid, typ, cty } = members;
  if (typeof alg !== 'string') return undefined;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > maxKidLength)) return undefined;
  if (typ !== undefined && typeof typ !== 'string') return undefined;
  if (cty !== undefined && typeof cty !== 'string') return undefined;
  return { alg, kid, typ, cty };
}
