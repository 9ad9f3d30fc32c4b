import { randomBytes } from 'node:crypto';
import type { Attack, AttackContext } from '../attack.ts';
import { forgedToken, plausibleClaims } from '../forged-token.ts';
import { requestText } from '../request-text.ts';
import { goodRequest } from './good-request.ts';

/** Every token names a key that the issuer does not publish, or an issuer that is not trusted. */
export const kids: readonly Attack[] = [
  attack('random kids', ({ issuer }) => ({ kid: randomName(), issuer })),
  attack('unknown issuers', () => ({ kid: 'key-1', issuer: `https://${randomName()}.example` })),
];

function attack(name: string, draw: (context: AttackContext) => { kid: string; issuer: string }): Attack {
  return {
    ...{ name, area: 'kids', target: 'api', way: 'requests', perSecond: 200 },
    bad(context, index) {
      const { kid, issuer } = draw(context);
      const token = forgedToken({
        header: { alg: 'RS256', kid, typ: 'at+jwt' },
        payload: plausibleClaims(issuer, context.audience, `stranger-${index}`),
        signature: randomBytes(256),
      });
      return requestText({ path: '/orders', headers: { Authorization: `Bearer ${token}` } });
    },
    good: goodRequest,
  };
}

function randomName(): string {
  return randomBytes(12).toString('hex');
}
