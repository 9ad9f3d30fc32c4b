import { type Contender, tokenOf } from './contender.ts';

export const jose: Contender = {
  name: 'jose, remote set',
  about: 'no revocation',
  async prepare({ issuer, audience, jwksUri, algorithm }) {
    const { createRemoteJWKSet, jwtVerify } = await import('jose');
    const keys = createRemoteJWKSet(new URL(jwksUri));
    return (request, response, next) => {
      jwtVerify(tokenOf(request), keys, {
        issuer,
        audience,
        algorithms: [algorithm],
      }).then(
        () => next(),
        () => response.sendStatus(401),
      );
    };
  },
};
