import { generateKeyPairSync } from 'node:crypto';
import { ConfigurationError } from '../../../packages/denylist/src/configuration-error.ts';
import { targetOfToken } from '../../../packages/denylist/src/publisher/token-target.ts';
import { keyOfProof, parseProof, proofChecks } from '../../../packages/middleware/src/binding/dpop-proof.ts';
import { readKey } from '../../../packages/middleware/src/jwks/parse-key-set.ts';
import { profiles } from '../../../packages/middleware/src/options/profiles.ts';
import { readBearer } from '../../../packages/middleware/src/token/bearer.ts';
import { firstFault } from '../../../packages/middleware/src/token/claims.ts';
import { parseCompact } from '../../../packages/middleware/src/token/compact.ts';
import { revocationDigests } from '../../../packages/middleware/src/token/dimensions.ts';
import { freezeDeeply } from '../../../packages/middleware/src/token/json.ts';
import { checksAfterSignature, checksBeforeSignature } from '../../../packages/middleware/src/verify-access-token.ts';
import type { Decoder } from '../decoder.ts';

const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1000;
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const key = readKey(jwk);
const policy = {
  ...profiles.rfc9068,
  audience: ['https://api.test'],
  algorithms: ['ES256'],
  clockToleranceMs: 5000,
  iatToleranceMs: undefined,
  maxTokenAgeMs: 86_400_000,
  maxTokenLifetimeMs: 86_400_000,
};
const claims = {
  iss: 'https://issuer.test',
  aud: ['https://api.test'],
  sub: 'alice',
  client_id: 'web',
  jti: 't-1',
  sid: 's-1',
  iat: nowSeconds - 10,
  exp: nowSeconds + 600,
  scope: 'read write',
  cnf: { jkt: 'x' },
};
const proofClaims = { jti: 'p-1', htm: 'GET', htu: 'https://api.test/a%2fb', iat: nowSeconds, ath: 'x', nonce: 'n' };

/** The signature is not valid: it is checked by OpenSSL, after everything that is decoded here. */
function unsigned(header: object, payload: object): Buffer {
  const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return Buffer.from([...parts, Buffer.alloc(64, 5).toString('base64url')].join('.'));
}

/** A JWT access token: its parts, and all checks of its claims. */
export const token: Decoder = {
  name: 'token',
  seeds: [
    unsigned({ alg: 'ES256', typ: 'at+jwt', kid: 'k' }, claims),
    unsigned({ alg: 'ES256', typ: 'application/at+jwt' }, { ...claims, aud: 'https://api.test', nbf: nowSeconds }),
  ],
  format: 'token',
  decode(input) {
    const text = input.toString('latin1');
    readBearer({ headers: { authorization: `Bearer ${text}` } });
    const parsed = parseCompact(text);
    if (!parsed.ok) return undefined;
    const tested = { header: parsed.header, claims: freezeDeeply(parsed.payload), policy, nowMs };
    // All of them, and not up to the first fault: each must bear each value.
    const faults = [...checksBeforeSignature, ...checksAfterSignature].map((check) => firstFault([check], tested));
    if (faults.some((fault) => fault !== undefined)) return undefined;
    if (typeof key === 'string') throw new Error('the key of the fuzzer was refused');
    const { claims: read } = tested;
    return revocationDigests(
      { issuer: String(read['iss']), claims: read, signingInput: parsed.signingInput, key },
      policy.claimMap,
    );
  },
};

/** The token that a program passes to `revokeToken()`. */
export const revokedToken: Decoder = {
  name: 'revoked-token',
  seeds: token.seeds,
  format: 'token',
  decode: (input) => targetOfToken(input.toString('latin1')),
  isExpected: (error) => error instanceof ConfigurationError,
};

/** A DPoP proof, and all checks but that of its signature. */
export const dpopProof: Decoder = {
  name: 'dpop-proof',
  seeds: [unsigned({ alg: 'ES256', typ: 'dpop+jwt', jwk }, proofClaims)],
  format: 'token',
  decode(input) {
    const proof = parseProof(input.toString('latin1'), ['ES256', 'EdDSA', 'RS256']);
    if (proof === undefined) return undefined;
    const request = { method: 'GET', url: '/a%2fb', headers: {} };
    const limits = { publicOrigin: 'https://api.test', proofMaxAgeMs: 60_000, clockToleranceMs: 5000 };
    const tested = { proof, request, token: 'x', jkt: proof.thumbprint, policy: limits, nowMs };
    for (const check of proofChecks) firstFault([check], tested);
    return keyOfProof(proof, 4096);
  },
};
