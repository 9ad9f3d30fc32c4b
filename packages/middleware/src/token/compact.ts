import { freezeDeeply, type JsonObject, readJsonObject } from './json.ts';

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
  const known = headers.find(token);
  const parts = parseSigned(token, maxBytes, known?.members);
  if (!parts.ok) return parts;
  const { members, payload, text, signingInput, signature } = parts;
  const header = known?.header ?? readHeader(members);
  if (header === undefined) return refused('malformed_token');
  if (known === undefined) headers.remember(token, { members, header });
  return { ok: true, header, payload, text, signingInput, signature };
}

/**
 * The same for any signed JWT; the caller reads the header. The parts are **unverified**. Never throws.
 *
 * @param knownMembers those of the same header, where it was read before.
 */
export function parseSigned(
  token: string,
  maxBytes = defaultMaxTokenBytes,
  knownMembers?: JsonObject,
): ({ readonly ok: true } & SignedParts) | (CompactParse & { ok: false }) {
  if (token.length > maxBytes) return refused('token_too_large');

  const parts = splitInThree(token);
  if (parts === undefined) return refused('malformed_token');
  const [headerText, payloadText, signatureText] = parts;
  const headerBytes = knownMembers === undefined ? decodeBase64url(headerText) : noBytes;
  const payloadBytes = decodeBase64url(payloadText);
  const signature = decodeBase64url(signatureText);
  if (headerBytes === undefined || payloadBytes === undefined || signature === undefined) {
    return refused('malformed_token');
  }

  const members = knownMembers ?? readJsonObject(headerBytes);
  const payload = readJsonObject(payloadBytes);
  if (members === undefined || payload === undefined) return refused('malformed_token');
  // RFC 7515 §4.1.11: an unknown extension must be rejected. None is known here, and an empty `crit` is invalid.
  // RFC 7797 §6 requires `b64` to be listed in `crit`: unlisted, it would be read in two ways.
  const { crit, b64 = true } = members;
  if (crit !== undefined || b64 !== true) return refused('unsupported_crit');
  const signingInput = token.slice(0, headerText.length + 1 + payloadText.length);
  return { ok: true, members, payload, text: token, signingInput, signature };
}

const noBytes = new Uint8Array();

/** Five parts are an encrypted token (RFC 7516 §7.1), two parts an unsigned one without its last dot: both rejected. */
function splitInThree(token: string): readonly [string, string, string] | undefined {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first === -1 || second === -1 || token.includes('.', second + 1)) return undefined;
  return [token.slice(0, first), token.slice(first + 1, second), token.slice(second + 1)];
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

interface ReadHeader {
  readonly members: JsonObject;
  readonly header: CompactHeader;
}

/** The headers that were read last: tokens of one key have the same one. Bounded by number and length; a flood only empties it. */
class RecentHeaders {
  static readonly #maxEntries = 32;
  static readonly #maxLength = 512;
  readonly #read = new Map<string, ReadHeader>();

  find(token: string): ReadHeader | undefined {
    const end = token.indexOf('.');
    return end > RecentHeaders.#maxLength ? undefined : this.#read.get(token.slice(0, Math.max(end, 0)));
  }

  remember(token: string, { members, header }: ReadHeader): void {
    const end = token.indexOf('.');
    if (end > RecentHeaders.#maxLength) return;
    if (this.#read.size === RecentHeaders.#maxEntries) this.#read.clear();
    // Copied: a slice would keep the complete token in memory.
    const text = Buffer.from(token.slice(0, end), 'latin1').toString('latin1');
    this.#read.set(text, { members: freezeDeeply(members), header: Object.freeze(header) });
  }
}

const headers = new RecentHeaders();
