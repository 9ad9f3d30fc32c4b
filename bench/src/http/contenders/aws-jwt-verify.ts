import type { Contender } from './contender.ts';

export const awsJwtVerify: Contender = {
  name: 'aws-jwt-verify (sync)',
  about: 'no revocation',
  async prepare({ issuer, audience, jwks }) {
    const { JwtVerifier } = await import('aws-jwt-verify');
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://keys.invalid/jwks' });
    verifier.cacheJwks(jwks as never); // its own narrower key type
    return (request, response, next) => {
      try {
        verifier.verifySync((request.headers.authorization ?? '').slice('Bearer '.length));
      } catch {
        response.sendStatus(401);
        return;
      }
      next();
    };
  },
};
