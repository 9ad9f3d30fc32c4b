import type { Contender, Setting } from './contender.ts';

async function build({ issuer, audience, jwksUri, algorithm }: Setting) {
  const { auth } = await import('express-oauth2-jwt-bearer');
  return auth({ issuer, audience, jwksUri, tokenSigningAlg: algorithm });
}

export const oauth2JwtBearer: Contender = {
  name: 'express-oauth2-jwt-bearer',
  about: 'no revocation',
  prepare: build,
};

export const oauth2JwtBearerWithRedis: Contender = {
  name: 'express-oauth2-jwt-bearer + EXISTS',
  about: 'one Redis look-up a request, a common solution',
  async prepare(setting) {
    const verify = await build(setting);
    const { Redis } = await import('ioredis');
    const redis = new Redis(setting.redisUrl);
    return (request, response, next) =>
      void verify(request, response, (error?: unknown) => {
        if (error !== undefined) {
          next(error);
          return;
        }
        redis.exists(`revoked:${String(request.auth?.payload.jti)}`).then(
          (found) => (found === 0 ? next() : response.sendStatus(401)),
          () => response.sendStatus(503),
        );
      });
  },
};
