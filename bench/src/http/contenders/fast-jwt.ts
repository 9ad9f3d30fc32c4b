import { createPublicKey } from 'node:crypto';
import { type Contender, type Setting, tokenOf } from './contender.ts';

async function prepare({ issuer, audience, algorithm, jwks }: Setting, cache: number | false) {
  const { createVerifier } = await import('fast-jwt');
  const [jwk] = jwks.keys;
  if (jwk === undefined) throw new Error('expected a key in jwks');
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const options = { key, algorithms: [algorithm], allowedIss: issuer, allowedAud: audience };
  const verify = createVerifier(cache === false ? options : { ...options, cache });
  return (...[request, response, next]: Parameters<import('express').RequestHandler>) => {
    try {
      verify(tokenOf(request));
    } catch {
      response.sendStatus(401);
      return;
    }
    next();
  };
}

export const fastJwt: Contender = {
  name: 'fast-jwt',
  about: 'no revocation, no cache',
  prepare: (setting) => prepare(setting, false),
};

export const fastJwtCached: Contender = {
  name: 'fast-jwt + cache',
  about: 'no revocation, token cache on',
  prepare: (setting) => prepare(setting, 10_000),
};
