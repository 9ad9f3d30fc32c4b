import { ConfigurationError } from '@revocast/denylist';
import { isJsonObject, type JsonObject } from '@revocast/denylist/replica';

/** The public keys of the issuer: a key set (RFC 7517 §5), or its URL. Private members of a key are not used. */
export type TokenKeys = string | { readonly keys: readonly object[] };

const mostKeys = 100;

/**
 * The URL of a key set, or its keys without private members.
 *
 * @param issuer an `http:` URL is accepted on the same origin only: there, the tokens themselves are not protected better.
 * @throws ConfigurationError for keys that are neither a key set nor an allowed URL.
 */
export function readTokenKeys(keys: TokenKeys, issuer: string): URL | readonly JsonObject[] {
  if (typeof keys !== 'string') return readKeySet(keys);
  const url = URL.canParse(keys) ? new URL(keys) : undefined;
  const isSameOrigin = URL.canParse(issuer) && url?.origin === new URL(issuer).origin;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isSameOrigin)) return url;
  throw new ConfigurationError('keys', 'expected a key set, or its https URL; found another string');
}

function readKeySet(keySet: unknown): readonly JsonObject[] {
  const keys = isJsonObject(keySet) ? keySet['keys'] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > mostKeys || !keys.every(isJsonObject)) {
    throw new ConfigurationError('keys', `expected { keys } with 1–${mostKeys} JWKs, found something else`);
  }
  return keys.map(toPublic);
}

/** With `d`, a key would be imported for signing and could verify nothing. */
function toPublic({ d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, oth: _oth, ...key }: JsonObject): JsonObject {
  return key;
}
