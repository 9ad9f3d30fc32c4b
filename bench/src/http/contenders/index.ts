import { awsJwtVerify } from './aws-jwt-verify.ts';
import { bare } from './bare.ts';
import type { Contender } from './contender.ts';
import { expressJwt } from './express-jwt.ts';
import { oauth2JwtBearer, oauth2JwtBearerWithRedis } from './express-oauth2-jwt-bearer.ts';
import { fastJwt, fastJwtCached } from './fast-jwt.ts';
import { jose } from './jose.ts';
import { revocast } from './revocast.ts';

/** In the order of the table. */
export const contenders: readonly Contender[] = [
  bare,
  revocast,
  oauth2JwtBearer,
  oauth2JwtBearerWithRedis,
  expressJwt,
  awsJwtVerify,
  fastJwt,
  fastJwtCached,
  jose,
];
