import { describe, expect, it } from '@jest/globals';
import { readTokenRevocation, type SourceProfile } from '../../src/signals/index.ts';
import { bytes, issuer, nowMs, outcomeOf, profile, tokenIssuer, user } from './messages.ts';

function read(body: unknown, source: Partial<SourceProfile> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const context = { source: profile({ kind: 'global-token-revocation', ...source }), nowMs };
  return outcomeOf(readTokenRevocation(bytes(text), context));
}

const email = { format: 'email', email: 'alice@example.com' };

describe('a Global Token Revocation request', () => {
  it.each([
    [
      'sub_id with iss_sub: a cutoff at the receipt, with the skew',
      { sub_id: user() },
      {},
      ['end subject alice up to 5 (policy)'],
    ],
    ['subject, as Auth0 documents it', { subject: user() }, {}, ['end subject alice up to 5 (policy)']],
    [
      'at each token issuer',
      { sub_id: user() },
      { tokenIssuers: [tokenIssuer] },
      [`end subject alice issuer ${tokenIssuer} up to 5 (policy)`],
    ],
    ['email is resolved (Okta)', { sub_id: email }, {}, ['resolve email alice@example.com, then end']],
    [
      'opaque is the subject, by the option',
      { sub_id: { format: 'opaque', id: 'u' } },
      { opaqueSubject: 'subject' as const },
      ['end subject u up to 5 (policy)'],
    ],
  ])('%s', (_name, body, source, expected) => {
    expect(read(body, source)).toEqual(expected);
  });

  it.each([
    ['no JSON', '{', 'malformed_body'],
    ['a list', '[]', 'malformed_body'],
    ['a member that occurs twice', `{"sub_id":${JSON.stringify(user())},"sub_id":{}}`, 'malformed_body'],
    ['no subject', {}, 'no_subject'],
    ['a malformed subject', { sub_id: { format: 'iss_sub', iss: issuer } }, 'bad_subject'],
    ['opaque, without the option', { sub_id: { format: 'opaque', id: 'u' } }, 'bad_subject'],
    [
      'a format that is not supported',
      { sub_id: { format: 'saml_assertion_id', issuer, assertion_id: 'a' } },
      'bad_subject',
    ],
    ['a subject of another issuer', { sub_id: user('alice', 'https://other.example') }, 'foreign_subject'],
    ['a whole tenant', { sub_id: { format: 'complex', tenant: { format: 'opaque', id: 't' } } }, 'bad_subject'],
    [
      'one alias of two that is foreign',
      { sub_id: { format: 'aliases', identifiers: [user(), user('bob', 'https://other.example')] } },
      'foreign_subject',
    ],
    ['16 KiB and one byte', `"${'a'.repeat(16_383)}"`, 'too_large'],
  ])('is refused with %s', (_name, body, reason) => {
    expect(read(body)).toBe(reason);
  });
});
