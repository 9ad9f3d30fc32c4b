import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { signingInputName, targetOfToken } from '../../src/publisher/token-target.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = encode({ alg: 'ES256', typ: 'at+jwt' });
const jwt = (claims: unknown, signature = 'c2lnbmF0dXJl'): string => `${header}.${encode(claims)}.${signature}`;
const issuer = 'https://issuer.example/';

describe('the target of a token', () => {
  it('is its issuer, its id and its expiry', () => {
    expect(targetOfToken(jwt({ iss: issuer, jti: 't1', exp: 1_767_225_900 }))).toEqual({
      issuer,
      token: 't1',
      expiresAt: 1_767_225_900,
    });
  });

  it('has the id of the given claim', () => {
    expect(targetOfToken(jwt({ iss: issuer, jti: 'no', uti: 'u1' }), 'uti').token).toBe('u1');
  });

  it.each([
    ['no id', {}],
    ['an empty id', { jti: '' }],
    ['an id that is not a string', { jti: 5 }],
  ])('with %s is named by its signing input and not by its signature, which has several valid forms', (_, id) => {
    const claims = { iss: issuer, sub: 'alice', ...id };
    const expected = `sha256:${createHash('sha256')
      .update(`${header}.${encode(claims)}`)
      .digest('base64url')}`;
    expect(targetOfToken(jwt(claims)).token).toBe(expected);
    expect(targetOfToken(jwt(claims, 'b3RoZXI')).token).toBe(expected);
    expect(signingInputName(`${header}.${encode(claims)}`)).toBe(expected);
  });

  it('rounds the expiry up, so that the whole last second is denied', () => {
    expect(targetOfToken(jwt({ iss: issuer, jti: 't1', exp: 1_767_225_900.2 })).expiresAt).toBe(1_767_225_901);
  });

  it.each([[undefined], ['soon'], [0], [-5], [null]])('has no expiry when exp is %j', (exp) => {
    expect(targetOfToken(jwt({ iss: issuer, jti: 't1', exp })).expiresAt).toBeUndefined();
  });
});

describe('a string that is not a token', () => {
  it.each([
    ['one part', 'aGVsbG8'],
    ['two parts', `${header}.${encode({ iss: issuer })}`],
    ['five parts, as in an encrypted JWT', `${jwt({ iss: issuer })}.b3RoZXI.bW9yZQ`],
    ['no JSON', `${header}.${Buffer.from('secret payload').toString('base64url')}.c2ln`],
    ['an array', jwt('secret payload')],
    ['null', jwt(null)],
    ['no issuer', jwt({ jti: 'secret payload' })],
    ['an empty issuer', jwt({ iss: '', jti: 'secret payload' })],
    ['an issuer that is not a string', jwt({ iss: 5, jti: 'secret payload' })],
  ])('is refused with a message that contains no part of it: %s', (_, token) => {
    let thrown: unknown;
    try {
      targetOfToken(token);
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof ConfigurationError)) throw new Error('expected a ConfigurationError');
    for (const part of [...token.split('.'), 'secret payload']) expect(thrown.message).not.toContain(part);
    expect(thrown.cause).toBeUndefined();
  });
});
