import { awsJwtVerify } from './aws-jwt-verify.ts';
import { bare } from './bare.ts';
import type { Contender } from './contender.ts';
import { expressJwt } from './express-jwt.ts';
import { oauth2JwtBearer, oauth2JwtBearerWithRedis } from './express-oauth2-jwt-bearer.ts';
import { fastJwt, fastJwtCached } from './fast-jwt.ts';
import { floors } from './floors.ts';
import { jose } from './jose.ts';
import { revocast } from './revocast.ts';

/** All contenders, in the order of the table. */
export const contenders: readonly Contender[] = [
  bare,
  ...floors,
  revocast,
  fastJwtCached,
  fastJwt,
  awsJwtVerify,
  jose,
  expressJwt,
  oauth2JwtBearer,
  oauth2JwtBearerWithRedis,
];

/**
 * @param words case-insensitive; undefined selects all contenders.
 * @returns contenders with one of the words in their name, and the bare route, to which all figures are relative.
 * @throws RangeError when no name contains one of the words.
 */
export function chooseContenders(words: readonly string[] | undefined): readonly Contender[] {
  if (words === undefined) return contenders;
  const has = ({ name }: Contender, word: string) => name.toLowerCase().includes(word.trim().toLowerCase());
  for (const word of words) {
    if (word.trim() !== '' && contenders.some((contender) => has(contender, word))) continue;
    const names = contenders.map(({ name }) => name).join('; ');
    throw new RangeError(`--contenders: expected a part of a name (${names}); found ${word}`);
  }
  return contenders.filter((contender) => contender === bare || words.some((word) => has(contender, word)));
}
