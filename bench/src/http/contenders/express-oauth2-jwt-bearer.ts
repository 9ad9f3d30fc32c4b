import { auth } from 'express-oauth2-jwt-bearer';
import { Redis } from 'ioredis';
import type { Contender } from './contender.ts';

const build = ({ issuer, audience, jwksUri, algorithm }: Parameters<Contender['prepare']>[0]) =>
  auth({ issuer, audience, jwksUri, tokenSigningAlg: algorithm });

export const oauth2JwtBearer: Contender = {
  name: 'express-oauth2-jwt-bearer',
  about: 'no revocation',
  prepare: async (setting) => build(setting),
};

export const oauth2JwtBearerWithRedis: Contender = {
  name: 'express-oauth2-jwt-bearer + EXISTS',
  about: 'one Redis look-up a request: what teams build today',
  async prepare(setting) {
    const verify = build(setting);
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
