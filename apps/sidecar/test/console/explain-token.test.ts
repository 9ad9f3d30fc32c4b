import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type DimensionValue, digestOf, digestToHex, signingInputName } from '@revocast/denylist/replica';
import type { DigestsAnswer } from '../../src/console/answer-digests.ts';
import {
  claimNames,
  type DecodedToken,
  decodeToken,
  digestOfName,
  judgeToken,
  type RevocableName,
  revocableNames,
} from '../../src/console/page/explain-token.js';

const issuer = 'https://login.example/';
const now = 1_800_000_000;
const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const jwtOf = (header: unknown, claims: unknown) => `${encode(header)}.${encode(claims)}.c2lnbmF0dXJl`;

function decoded(claims: Readonly<Record<string, unknown>>, header = {}): DecodedToken {
  const token = decodeToken(jwtOf(header, claims));
  if (typeof token === 'string') throw new Error(token);
  return token;
}

describe('a pasted token', () => {
  const jwt = jwtOf({ alg: 'ES256' }, { iss: issuer, name: 'Zoë ☂' });

  it.each([jwt, ` ${jwt}\n`, `Bearer ${jwt}`, `bearer  ${jwt}`, `Authorization: Bearer ${jwt}`])(
    'is decoded: %#',
    (text) => {
      expect(decodeToken(text)).toEqual({
        header: { alg: 'ES256' },
        claims: { iss: issuer, name: 'Zoë ☂' },
        signingInput: jwt.slice(0, jwt.lastIndexOf('.')),
      });
    },
  );

  it.each([
    ['nothing', '', /this has 1/],
    ['two parts', 'a.b', /this has 2/],
    ['four parts', 'a.b.c.d', /this has 4/],
    ['an encrypted one', 'a.b.c.d.e', /encrypted/],
    ['a header that is no JSON', `${encode('x')}.${encode({})}.s`, /first part/],
    ['a payload that is a list', `${encode({})}.${encode([])}.s`, /second part/],
    ['a payload that is null', `${encode({})}.${encode('null')}.s`, /second part/],
    [
      'a payload that is no UTF-8',
      `${encode({})}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.s`,
      /second part/,
    ],
    ['a payload that is not base64url', `${encode({})}.***.s`, /second part/],
  ])('is rejected with an explanation: %s', (_name, text, words) => {
    expect(decodeToken(text)).toMatch(words);
  });
});

describe('the names of a token', () => {
  const claims = {
    iss: issuer,
    jti: 'j',
    sid: 's',
    grant_id: 'g',
    sub: 'u "1"',
    oid: 'o',
    client_id: 'c',
    azp: 'a',
    tid: 't',
  };

  it('come from every profile, with pairs of subject and client', async () => {
    const names = await revocableNames(decoded(claims, { kid: 'k' }));
    const found = names.map(({ dimension, from }) => `${dimension}: ${from}`);
    expect(found).toEqual([
      'token: jti',
      'token: the signed text',
      'session: sid',
      'grant: grant_id',
      'subject: sub',
      'subject: oid',
      'client: client_id',
      'client: azp',
      'subject_client: sub + client_id',
      'subject_client: sub + azp',
      'subject_client: oid + client_id',
      'subject_client: oid + azp',
      'tenant: tid',
      'key: kid',
      'issuer: iss',
    ]);
  });

  it('include every claim that a profile of the middleware reads', () => {
    const text = readFileSync(
      new URL('../../../../packages/middleware/src/options/profiles.ts', import.meta.url),
      'utf8',
    );
    const profiles = text.slice(text.indexOf('const rfc9068'), text.indexOf('export type ProfileName'));
    for (const [dimension, known] of Object.entries(claimNames)) {
      const values = [...profiles.matchAll(new RegExp(`\\b${dimension}: (\\[[^\\]]*\\]|'[^']*')`, 'g'))];
      const read = values.flatMap(([, value = '']) => [...value.matchAll(/'([^']+)'/g)].map(([, claim]) => claim));
      expect([...new Set(read)].sort()).toEqual([...known].sort());
    }
  });

  it('have the digests of the denylist', async () => {
    const token = decoded(claims, { kid: 'k' });
    for (const name of await revocableNames(token)) {
      const value = { dimension: name.dimension, issuer, value: name.value } as DimensionValue;
      expect(await digestOfName(issuer, name)).toBe(digestToHex(digestOf(value)));
    }
  });

  it('include the signed text, by which publishers name a token without an id', async () => {
    const token = decoded({ iss: issuer });
    const names = await revocableNames(token);
    expect(names[0]?.value).toBe(signingInputName(token.signingInput));
  });

  it('are none without an issuer, and none for claims that are not strings', async () => {
    expect(await revocableNames(decoded({ sub: 'u' }))).toEqual([]);
    const names = await revocableNames(decoded({ iss: issuer, sub: 7, sid: '', jti: ['x'] }));
    expect(names.map(({ dimension }) => dimension)).toEqual(['token', 'issuer']);
  });
});

describe('the verdict', () => {
  const subject = { dimension: 'subject', from: 'sub', value: 'u', digest: 'a'.repeat(32) };
  const answer: DigestsAnswer = { nowSeconds: now, state: 'fresh', rules: [] };
  const held = (rule: Partial<DigestsAnswer['rules'][number]>): DigestsAnswer => ({
    ...answer,
    rules: [{ digest: subject.digest, deniesAll: false, issuedUpTo: 0, words: ['In words.'], ...rule }],
  });
  const good = { iss: issuer, iat: now - 60, exp: now + 60 };
  const judge = (
    claims: Readonly<Record<string, unknown>>,
    given: DigestsAnswer,
    names: (RevocableName & { digest: string })[] = [subject],
  ) => judgeToken(decoded(claims), names, given);

  it.each([
    ['a denial', good, held({ deniesAll: true }), 'denied'],
    ['a cutoff at its iat', good, held({ issuedUpTo: now - 60 }), 'denied'],
    ['a cutoff just before its iat', good, held({ issuedUpTo: now - 61 }), 'clear'],
    ['a rule that denies no token', good, held({}), 'clear'],
    ['no rule', good, answer, 'clear'],
    ['no rule, on a list that is stale', good, { ...answer, state: 'stale' } as const, 'unknown'],
    ['a denial, on a list that is stale', good, { ...held({ deniesAll: true }), state: 'stale' } as const, 'denied'],
  ])('of %s', (_name, claims, given, tone) => {
    expect(judge(claims, given).tone).toBe(tone);
  });

  it('is unknown for a token without an issuer', () => {
    expect(judge({ sub: 'u' }, answer, [])).toMatchObject({
      tone: 'unknown',
      verdict: expect.stringContaining('no issuer'),
    });
  });

  it.each([
    ['expired in this second', { ...good, exp: now }, /^Expired/],
    ['expires in the next', { ...good, exp: now + 1 }, /^Expires/],
    ['without exp', { iss: issuer, iat: now }, /no exp/],
    ['without iat', { iss: issuer, exp: now + 9 }, /no iat/],
    ['not yet valid', { ...good, nbf: now + 1 }, /^Not valid before/],
    [
      'with a life too long',
      { ...good, iat: now, exp: now + 101 },
      /lifetime is 101 s, and the log allows at most 100 s/,
    ],
    ['with a time that is none', { ...good, exp: 1e300 }, /not a time/],
  ])('comes with other grounds for a refusal: %s', (_name, claims, note) => {
    const { notes } = judge(claims, { ...answer, maxTokenLifetimeSeconds: 100 });
    expect(notes).toContainEqual(expect.stringMatching(note));
    expect(notes.at(-1)).toMatch(/^Not checked here: signature/);
  });

  it('accepts a lifetime equal to the maximum', () => {
    const { notes } = judge({ ...good, iat: now, exp: now + 100 }, { ...answer, maxTokenLifetimeSeconds: 100 });
    expect(notes.join()).not.toContain('allows');
  });
});
