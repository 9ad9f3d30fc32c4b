import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { parseLift, parseRevocation } from '../../src/publisher/parse-revocation.ts';
import { forEver } from '../../src/rules/rule.ts';

const issuer = 'https://issuer.example/';
const parse = (fields: object) => parseRevocation({ issuer, reason: 'logout', ...fields });
const problemOf = (input: unknown, parser: (given: unknown) => unknown = parseRevocation): ConfigurationError => {
  try {
    parser(input);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
};

describe('what a revocation names', () => {
  it.each([
    [{ token: 'v' }, { dimension: 'token', issuer, value: 'v' }],
    [{ session: 'v' }, { dimension: 'session', issuer, value: 'v' }],
    [{ grant: 'v' }, { dimension: 'grant', issuer, value: 'v' }],
    [{ subject: 'v' }, { dimension: 'subject', issuer, value: 'v' }],
    [{ client: 'v' }, { dimension: 'client', issuer, value: 'v' }],
    [
      { subject: 's', client: 'c' },
      { dimension: 'subject_client', issuer, value: ['s', 'c'] },
    ],
    [{ tenant: 'v' }, { dimension: 'tenant', issuer, value: 'v' }],
    [{ key: 'v' }, { dimension: 'key', issuer, value: 'v' }],
    [{ entireIssuer: true }, { dimension: 'issuer', issuer, value: issuer }],
  ])('%j', (target, value) => {
    expect(parse(target).value).toEqual(value);
    expect(parseLift({ issuer, ...target })).toEqual(value);
  });
});

describe('the statement of a revocation', () => {
  it.each([
    ['a token until its expiry and the margin', { token: 'v', expiresAt: 1000 }, { kind: 'deny', until: 1600 }],
    ['a token without a known expiry', { token: 'v' }, { kind: 'deny', until: 'longest-token' }],
    [
      'a token with the latest possible expiry, which is not a block',
      { token: 'v', expiresAt: forEver },
      { kind: 'deny', until: forEver - 1 },
    ],
    ['a session', { session: 'v' }, { kind: 'deny', until: 'longest-token' }],
    ['a grant', { grant: 'v' }, { kind: 'deny', until: 'longest-token' }],
    ['a session until a given second', { session: 'v', expiresAt: 1000 }, { kind: 'deny', until: 1000 }],
    ['a blocked session', { session: 'v', block: true }, { kind: 'deny', until: forEver }],
    ['a key, which is always blocked', { key: 'v' }, { kind: 'deny', until: forEver }],
    ['a key until a given second', { key: 'v', expiresAt: 1000 }, { kind: 'deny', until: 1000 }],
    ['a subject, with a cutoff of now', { subject: 'v' }, { kind: 'cutoff', issuedUpTo: 'now' }],
    ['a subject with block: false', { subject: 'v', block: false }, { kind: 'cutoff', issuedUpTo: 'now' }],
    ['a subject, with a given cutoff', { subject: 'v', issuedUpTo: 1000 }, { kind: 'cutoff', issuedUpTo: 1000 }],
    ['a blocked subject', { subject: 'v', block: true }, { kind: 'deny', until: forEver }],
    [
      'a subject that is blocked until a given second',
      { subject: 'v', block: true, expiresAt: 1000 },
      { kind: 'deny', until: 1000 },
    ],
    ['a client', { client: 'v' }, { kind: 'cutoff', issuedUpTo: 'now' }],
    ['a subject at a client', { subject: 's', client: 'c' }, { kind: 'cutoff', issuedUpTo: 'now' }],
    ['a tenant', { tenant: 'v' }, { kind: 'cutoff', issuedUpTo: 'now' }],
    ['an issuer', { entireIssuer: true }, { kind: 'cutoff', issuedUpTo: 'now' }],
  ])('of %s', (_, fields, statement) => {
    expect(parse(fields).statement).toEqual(statement);
  });

  it('has the reason and the actor', () => {
    expect(parse({ subject: 'v', reason: 'admin', actor: 'console (eve)' })).toMatchObject({
      reason: 'admin',
      actor: 'console (eve)',
    });
    expect(parse({ subject: 'v' }).actor).toBeUndefined();
  });
});

describe('a field that is present but undefined', () => {
  // `{ subject, client: request.query.client }` must not revoke the subject everywhere.
  it.each([
    ['the client', { subject: 's', client: undefined }, 'client'],
    ['the subject', { subject: undefined, client: 'c' }, 'subject'],
    ['the only value', { session: undefined }, 'session'],
    ['the issuer', { issuer: undefined, subject: 's' }, 'issuer'],
    ['entireIssuer', { entireIssuer: undefined }, 'entireIssuer'],
    ['one of two values', { session: 's', token: undefined }, 'revocation'],
  ])('is refused, because it would revoke more than was meant: %s', (_, fields, option) => {
    expect(problemOf({ issuer, reason: 'logout', ...fields }).option).toBe(option);
    const { issuer: given = issuer, ...target } = { issuer: 'issuer' in fields ? fields.issuer : issuer, ...fields };
    if (option !== 'issuer') expect(problemOf({ issuer: given, ...target }, parseLift).option).toBe(option);
  });

  it.each([['expiresAt'], ['issuedUpTo'], ['block'], ['actor']])('counts as absent for %s', (key) => {
    expect(parse({ subject: 's', [key]: undefined })).toEqual(parse({ subject: 's' }));
  });
});

describe('an invalid revocation', () => {
  it.each([
    ['nothing', undefined, 'revocation', /an object, found nothing/],
    ['null', null, 'revocation', /found null/],
    ['a string', 'alice', 'revocation', /another string/],
    ['no target', { issuer, reason: 'logout' }, 'revocation', /found none/],
    ['two targets', { issuer, reason: 'logout', token: 't', session: 's' }, 'revocation', /token and session/],
    ['three targets', { issuer, reason: 'logout', subject: 's', client: 'c', token: 't' }, 'revocation', /exactly one/],
    ['an unknown field', { issuer, reason: 'logout', subject: 's', sub: 'x' }, 'revocation', /unknown field "sub"/],
    ['the claim jti', { issuer, reason: 'logout', jti: 't' }, 'revocation', /"jti"; the field for it is token$/],
    [
      'the claim iss',
      { iss: issuer, reason: 'logout', subject: 's' },
      'revocation',
      /"iss"; the field for it is issuer$/,
    ],
    ['a name like a claim', { issuer, reason: 'logout', constructor: 's' }, 'revocation', /field "constructor"$/],
    ['no issuer', { reason: 'logout', subject: 's' }, 'issuer', /found nothing/],
    ['an empty subject', { issuer, reason: 'logout', subject: '' }, 'subject', /found an empty string/],
    ['an empty issuer', { issuer: '', reason: 'logout', subject: 's' }, 'issuer', /1–4096/],
    ['an empty value', { issuer, reason: 'logout', subject: '' }, 'subject', /1–4096/],
    ['a value that is a number', { issuer, reason: 'logout', subject: 5 }, 'subject', /found a value of type number/],
    ['a value that is an array', { issuer, reason: 'logout', subject: ['s'] }, 'subject', /found an array/],
    ['a value that is too long', { issuer, reason: 'logout', subject: 'x'.repeat(4097) }, 'subject', /1–4096/],
    ['entireIssuer: false', { issuer, reason: 'logout', entireIssuer: false }, 'entireIssuer', /expected true/],
    [
      'entireIssuer beside a value',
      { issuer, reason: 'logout', entireIssuer: true, subject: 's' },
      'revocation',
      /one of/,
    ],
    ['no reason', { issuer, subject: 's' }, 'reason', /one of logout/],
    ['an unknown reason', { issuer, subject: 's', reason: 'because' }, 'reason', /one of logout/],
    ['an empty actor', { issuer, reason: 'logout', subject: 's', actor: '' }, 'actor', /1–128/],
    ['an actor that is too long', { issuer, reason: 'logout', subject: 's', actor: 'x'.repeat(129) }, 'actor', /1–128/],
    ['an actor with a line break', { issuer, reason: 'logout', subject: 's', actor: 'a\nb' }, 'actor', /1–128/],
    ['block as a string', { issuer, reason: 'logout', subject: 's', block: 'true' }, 'block', /true or false/],
    [
      'milliseconds for seconds',
      { issuer, reason: 'logout', token: 't', expiresAt: 1767225600000 },
      'expiresAt',
      /milliseconds/,
    ],
    [
      'a cutoff in milliseconds',
      { issuer, reason: 'logout', subject: 's', issuedUpTo: 1767225600000 },
      'issuedUpTo',
      /milliseconds/,
    ],
    [
      'an expiry with a fraction',
      { issuer, reason: 'logout', token: 't', expiresAt: 1000.5 },
      'expiresAt',
      /whole number/,
    ],
    ['an expiry of zero', { issuer, reason: 'logout', token: 't', expiresAt: 0 }, 'expiresAt', /positive/],
    ['an expiry before 1970', { issuer, reason: 'logout', token: 't', expiresAt: -5 }, 'expiresAt', /positive/],
    [
      'an expiry that is not a number',
      { issuer, reason: 'logout', token: 't', expiresAt: Number.NaN },
      'expiresAt',
      /positive/,
    ],
    [
      'an expiry as a string',
      { issuer, reason: 'logout', token: 't', expiresAt: '1000' },
      'expiresAt',
      /another string/,
    ],
    [
      'an expiry as a Date',
      { issuer, reason: 'logout', token: 't', expiresAt: new Date() },
      'expiresAt',
      /found a value of type object/,
    ],
    ['a cutoff of a token', { issuer, reason: 'logout', token: 't', issuedUpTo: 1000 }, 'issuedUpTo', /a token denies/],
    [
      'a cutoff of a session',
      { issuer, reason: 'logout', session: 's', issuedUpTo: 1000 },
      'issuedUpTo',
      /a session denies/,
    ],
    ['a cutoff of a key', { issuer, reason: 'logout', key: 'k', issuedUpTo: 1000 }, 'issuedUpTo', /a key denies/],
    [
      'a block with a cutoff',
      { issuer, reason: 'logout', subject: 's', block: true, issuedUpTo: 5 },
      'issuedUpTo',
      /a block denies/,
    ],
    [
      'a cutoff with an expiry',
      { issuer, reason: 'logout', subject: 's', expiresAt: 1000 },
      'expiresAt',
      /block: true/,
    ],
  ])('is refused: %s', (_, input, option, problem) => {
    const error = problemOf(input);
    expect(error.option).toBe(option);
    expect(error.message).toMatch(problem);
  });

  it('is refused with a message that contains none of its values', () => {
    const inputs = [
      { issuer, reason: 'logout', subject: ['s3cret'] },
      { issuer, reason: 's3cret', subject: 's' },
      { issuer, reason: 'logout', subject: 's', actor: 's3cret\n' },
      { issuer, reason: 'logout', token: 't', expiresAt: 's3cret' },
      { issuer, reason: 'logout', token: 's3cret', session: 's3cret' },
    ];
    for (const input of inputs) expect(problemOf(input).message).not.toContain('s3cret');
  });

  it.each([
    [4095, true],
    [4096, true],
    [4097, false],
  ])('is refused for a value that is too long: %i characters', (length, accepted) => {
    const read = () => parse({ subject: 'x'.repeat(length) });
    if (accepted) expect(read().value.value).toHaveLength(length);
    else expect(read).toThrow(ConfigurationError);
  });

  it.each([
    [forEver - 1, true],
    [forEver, true],
    [forEver + 1, false],
  ])('is refused for a time that is too large: %i', (seconds, accepted) => {
    const read = () => parse({ session: 's', expiresAt: seconds });
    if (accepted) expect(read().statement).toEqual({ kind: 'deny', until: seconds });
    else expect(read).toThrow(/milliseconds/);
  });
});

describe('a target to lift', () => {
  it('has no expiry, reason, cutoff or block', () => {
    for (const key of ['expiresAt', 'issuedUpTo', 'block', 'reason']) {
      expect(problemOf({ issuer, subject: 's', [key]: 1 }, parseLift).message).toMatch(`unknown field "${key}"`);
    }
  });

  it('may be the id of a revocation, without other fields', () => {
    expect(parseLift({ id: 'e1', actor: 'eve' })).toEqual({ id: 'e1' });
    expect(problemOf({ id: 'e1', issuer, subject: 's' }, parseLift).message).toMatch('unknown field "issuer"');
  });

  it.each([
    [0, false],
    [1, true],
    [128, true],
    [129, false],
  ])('may be an id of %i characters: %s', (length, accepted) => {
    const read = () => parseLift({ id: 'x'.repeat(length) });
    if (accepted) expect(read()).toEqual({ id: 'x'.repeat(length) });
    else expect(problemOf({ id: 'x'.repeat(length) }, parseLift).option).toBe('id');
  });

  it.each([undefined, null, 5, 'with space', 'é'])('may not be the id %s', (id) => {
    expect(problemOf({ id }, parseLift).option).toBe('id');
  });
});
