import { isAbsent, isJsonObject, type JsonObject } from '../token/json.ts';

/** The keys that a token is bound to. A request must prove each one that is present. */
export interface Confirmation {
  /** RFC 9449 §6.1: RFC 7638 thumbprint of the key of DPoP proofs. */
  readonly jkt?: string;
  /** RFC 8705 §3.1: SHA-256 of the client certificate, base64url. */
  readonly certificate?: string;
}

/**
 * Reads `cnf` (RFC 7800 §3.1).
 *
 * @returns undefined for a bearer token; `unsupported` when any part of the binding cannot be checked: the token is then
 * always rejected.
 */
export function readConfirmation({ cnf }: JsonObject): Confirmation | 'unsupported' | undefined {
  if (isAbsent(cnf)) return undefined;
  if (!isJsonObject(cnf)) return 'unsupported';
  const {
    jkt,
    'x5t#S256': certificate,
    ...others
  } = Object.fromEntries(Object.entries(cnf).filter(([, value]) => !isAbsent(value)));
  if (Object.keys(others).length > 0 || (jkt === undefined && certificate === undefined)) return 'unsupported';
  return isThumbprint(jkt) && isThumbprint(certificate) ? { jkt, certificate } : 'unsupported';
}

function isThumbprint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\w-]{43}$/.test(value));
}
