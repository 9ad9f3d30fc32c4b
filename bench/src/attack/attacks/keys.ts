import { randomBytes } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { forgedProof, forgedToken, plausibleClaims, type RsaSize } from '../forged-token.ts';
import { requestText } from '../request-text.ts';
import { goodRequest } from './good-request.ts';

/** `dpop.publicOrigin` of the attacked API. */
export const publicOrigin = 'https://api.bench';

const usual = Buffer.of(1, 0, 1);
const above2To33 = Buffer.of(2, 0, 0, 0, 1);

/** Keys that a stranger chooses, and slow curves of the issuer. */
export const keys: readonly Attack[] = [
  proofs('DPoP proofs, RSA 4096', { bits: 4096, exponent: usual }),
  proofs('DPoP proofs, RSA 16384', { bits: 16_384, exponent: usual }),
  proofs('DPoP proofs, exponent 2^33 + 1', { bits: 2048, exponent: above2To33 }),
  slowCurve('ES384', 48),
  slowCurve('ES512', 66),
];

/** A stolen token, because a proof is read only after its token has been verified. */
function proofs(name: string, size: RsaSize): Attack {
  return {
    ...{ name, area: 'keys', target: 'api', way: 'requests', perSecond: 100 },
    bad({ boundToken }) {
      const proof = forgedProof(boundToken, `${publicOrigin}/orders`, size);
      return requestText({ path: '/orders', headers: { Authorization: `DPoP ${boundToken}`, DPoP: proof } });
    },
    good: goodRequest,
  };
}

/** Tokens with a key of the issuer, named `kid`, and a signature of two random numbers of `bytes` bytes (RFC 7518 §3.4). */
function slowCurve(algorithm: string, bytes: number): Attack {
  return {
    ...{ name: `forged ${algorithm} tokens`, area: 'keys', target: 'api', way: 'requests', perSecond: 100 },
    bad({ issuer, audience }, index) {
      const signature = randomBytes(2 * bytes);
      // Each number has to be less than the order of the curve, or nothing is computed.
      signature[0] = 0;
      signature[bytes] = 0;
      const token = forgedToken({
        header: { alg: algorithm, kid: algorithm, typ: 'at+jwt' },
        payload: plausibleClaims(issuer, audience, `stranger-${index}`),
        signature,
      });
      return requestText({ path: '/orders', headers: { Authorization: `Bearer ${token}` } });
    },
    good: goodRequest,
  };
}
