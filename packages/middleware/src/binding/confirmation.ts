import { isJsonObject, type JsonObject } from '../token/json.ts';

/** What a bound token says about the key that must be shown with it; each that is there must be proven. */
export interface Confirmation {
  /** RFC 9449 §6.1: RFC 7638 thumbprint of the key that signs DPoP proofs. */
  readonly jkt?: string;
  /** RFC 8705 §3.1: SHA-256 of the client certificate, base64url. */
  readonly certificate?: string;
}

const sha256 = /^[\w-]{43}$/;

/**
 * Reads `cnf` (RFC 7800 §3.1).
 *
 * @returns undefined for a bearer token; `unsupported` when the token is bound by anything that we cannot check, in
 * whole or in part: then nobody can show it.
 */
export function readConfirmation({ cnf }: JsonObject): Confirmation | 'unsupported' | undefined {
  if (cnf === undefined) return undefined;
  if (!isJsonObject(cnf)) return 'unsupported';
  const { jkt, 'x5t#S256': certificate, ...others } = cnf;
  if (Object.keys(others).length > 0 || (jkt === undefined && certificate === undefined)) return 'unsupported';
  for (const hash of [jkt, certificate]) {
    if (hash !== undefined && !(typeof hash === 'string' && sha256.test(hash))) return 'unsupported';
  }
  return {
    ...(typeof jkt === 'string' && { jkt }),
    ...(typeof certificate === 'string' && { certificate }),
  };
}
