import type { Contender } from './contender.ts';

export const expressJwt: Contender = {
  name: 'express-jwt + jwks-rsa',
  about: 'no revocation',
  unable: ['EdDSA'],
  async prepare({ issuer, audience, jwksUri, algorithm }) {
    const { expressjwt } = await import('express-jwt');
    const { expressJwtSecret } = await import('jwks-rsa');
    if (algorithm === 'EdDSA') throw new Error('not supported');
    const secret = expressJwtSecret({ jwksUri, cache: true, rateLimit: true });
    return expressjwt({ secret: secret as never, issuer, audience, algorithms: [algorithm] }); // two type versions of one shape
  },
};
