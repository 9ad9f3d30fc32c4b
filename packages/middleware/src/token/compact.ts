import { type JsonObject, readJsonObject } from './json.ts';

/** Longest token read, in characters. */
export const maxTokenLength = 8_192;
/** Longest `kid` read, in characters: it becomes a key of bounded maps. */
export const maxKidLength = 256;

/** The header members that verification reads. The rest (`jku`, `x5u`, `jwk`, `x5c`, …) is never looked at. */
export interface CompactHeader {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
  readonly cty?: string;
}

/** Why a string is not a token that we read. */
export type CompactRefusal = 'malformed_token' | 'token_too_large' | 'unsupported_crit';

/** The parts of a signed token, decoded and **not verified**. */
export interface CompactToken {
  readonly header: CompactHeader;
  readonly payload: JsonObject;
  /** The whole as received. */
  readonly text: string;
  /** `header.payload` as received: what is signed. */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

export type CompactParse =
  | ({ readonly ok: true } & CompactToken)
  | { readonly ok: false; readonly reason: CompactRefusal };

function refused(reason: CompactRefusal): CompactParse & { ok: false } {
  return { ok: false, reason };
}

/** Any signed JWT, its header members unread. */
export type SignedParts = Omit<CompactToken, 'header'> & { readonly members: JsonObject };

/**
 * Reads a token in JWS compact serialization, stricter than RFC 7515 asks: each token has exactly one accepted spelling.
 *
 * @param token at most {@link maxTokenLength} characters, checked before anything is decoded.
 * @returns the decoded parts, or why not. Never throws. Nothing here is verified.
 * @see RFC 7515 §7.1, RFC 8725 §3.
 */
export function parseCompact(token: string): CompactParse {
  const parts = parseSigned(token);
  if (!parts.ok) return parts;
  const { members, ...others } = parts;
  const header = readHeader(members);
  return header === undefined ? refused('malformed_token') : { ...others, header };
}

/** The same for any signed JWT: what its header says is the caller's to read. Never throws. Nothing here is verified. */
export function parseSigned(token: string): ({ readonly ok: true } & SignedParts) | (CompactParse & { ok: false }) {
  if (token.length > maxTokenLength) return refused('token_too_large');

  const parts = splitInThree(token);
  if (parts === undefined) return refused('malformed_token');
  const [headerBytes, payloadBytes, signature] = parts.map(decodeBase64url);
  if (headerBytes === undefined || payloadBytes === undefined || signature === undefined) {
    return refused('malformed_token');
  }

  const members = readJsonObject(headerBytes);
  const payload = readJsonObject(payloadBytes);
  if (members === undefined || payload === undefined) return refused('malformed_token');
  // RFC 7515 §4.1.11: an extension that is not understood must be refused. We understand none, and a `crit` that lists
  // nothing is invalid. RFC 7797 §6 would have `b64` listed there: unlisted, it would be read in two ways.
  if (members['crit'] !== undefined || (members['b64'] !== undefined && members['b64'] !== true))
    return refused('unsupported_crit');
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return { ok: true, members, payload, text: token, signingInput, signature };
}

/** Five parts are an encrypted token (RFC 7516 §7.1), two an unsigned one without its last dot: neither is ours. */
function splitInThree(token: string): readonly string[] | undefined {
  const parts = token.split('.', 4);
  return parts.length === 3 ? parts : undefined;
}

/**
 * Decodes canonical base64url: no padding, no `+` or `/`, no white space, no spare bits in the last character. Node's
 * decoder accepts all of these; only what encodes back to the same text is the one spelling (RFC 4648 §3.5).
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
  return {
    alg,
    kid,
    typ,
    cty,
  };
}
