import type { Contender } from './contender.ts';

export const expressJwt: Contender = {
  name: 'express-jwt + jwks-rsa',
  about: 'no revocation',
  unable: ['EdDSA'],
  async prepare({ issuer, audience, jwksUri, algorithm }) {
    const { expressjwt } = await import('express-jwt');
    const { expressJwtSecret } = await import('jwks-rsa');
    if (algorithm === 'EdDSA') throw new Error('express-jwt does not support EdDSA');
    const secret = expressJwtSecret({ jwksUri, cache: true, rateLimit: true });
    // The two libraries declare the same shape with different types.
    return expressjwt({ secret: secret as never, issuer, audience, algorithms: [algorithm] });
  },
};
