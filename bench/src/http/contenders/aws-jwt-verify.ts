import { type Contender, tokenOf } from './contender.ts';

export const awsJwtVerify: Contender = {
  name: 'aws-jwt-verify (sync)',
  about: 'no revocation',
  async prepare({ issuer, audience, jwks }) {
    const { JwtVerifier } = await import('aws-jwt-verify');
    const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://keys.invalid/jwks' });
    verifier.cacheJwks(jwks as never); // the library declares a narrower key type
    return (request, response, next) => {
      try {
        verifier.verifySync(tokenOf(request));
      } catch {
        response.sendStatus(401);
        return;
      }
      next();
    };
  },
};
