import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import type { Subject, SubjectContext } from './subject.ts';
import { issuersOfSubject } from './subject-issuers.ts';

type Reader = (identifier: JsonObject, context: SubjectContext) => Subject | 'malformed';

const unsupported: Subject = { kind: 'unsupported' };

/** RFC 9493 §3.2, SSF 1.0 §3.4, and the formats of Google. The whole table is here; docs/receiver.md shows it. */
const readers: Readonly<Record<string, Reader>> = {
  // RFC 9493 §3.2.3
  iss_sub: readUser,
  // RFC 9493 §3.2.4
  opaque: readOpaque,
  // RFC 9493 §3.2.1, §3.2.2, §3.2.5, §3.2.6, §3.2.7
  account: named('uri'),
  email: named('email'),
  phone_number: named('phone_number'),
  did: named('url'),
  uri: named('uri'),
  // SSF 1.0 §3.4.1
  jwt_id: readToken,
  // SSF 1.0 §3.4.2, §3.4.3: nothing in an access token corresponds to them.
  saml_assertion_id: () => unsupported,
  'ip-addresses': () => unsupported,
  // Google: an ID token's issuer and subject; a refresh token or a part of its hash.
  id_token_claims: readUser,
  oauth_token: () => unsupported,
};

/** An identifier that is not complex and has no aliases. */
export function readSimple(value: unknown, context: SubjectContext): Subject | 'malformed' {
  const identifier = withFormat(value);
  if (identifier === undefined) return 'malformed';
  const format = String(identifier['format']);
  const read = Object.hasOwn(readers, format) ? readers[format] : undefined;
  // SSF 1.0 §3.3: other formats are a matter of agreement, and there is none.
  return read === undefined ? unsupported : read(identifier, context);
}

/**
 * The identifier with the name of its format as in RFC 9493: the drafts of 2018, and Google, have `subject_type: iss-sub`; Okta,
 * authentik and the drafts of SSF have members of a complex subject without `format: complex`.
 */
export function withFormat(value: unknown): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const { format, subject_type: subjectType } = value;
  if (typeof format === 'string') return value;
  if (format !== undefined) return undefined;
  if (typeof subjectType === 'string') {
    const { subject_type: _subjectType, ...members } = value;
    return { ...members, format: subjectType.replaceAll('-', '_').replace('ip_addresses', 'ip-addresses') };
  }
  return Object.values(value).some(isJsonObject) ? { ...value, format: 'complex' } : undefined;
}

function readUser(identifier: JsonObject, { source }: SubjectContext): Subject | 'malformed' {
  const { iss, sub } = identifier;
  if (!isName(iss) || !isName(sub)) return 'malformed';
  // Also where the subject is looked up: a source has no right to the users of another issuer.
  const issuers = issuersOfSubject(iss, source);
  if (issuers === undefined) return { kind: 'foreign' };
  if (source.subjectInTokens) return { kind: 'user', issuers, subject: sub };
  return { kind: 'identifier', identifier: { format: 'iss_sub', iss, sub } };
}

/** The id of a session where the event is about one. Else the operator must have said what it is. */
function readOpaque(identifier: JsonObject, { source, scope }: SubjectContext): Subject | 'malformed' {
  const { id } = identifier;
  if (!isName(id)) return 'malformed';
  if (scope === 'session') {
    return source.sessionInTokens
      ? { kind: 'session', session: id }
      : { kind: 'identifier', identifier: { format: 'opaque', id }, isWidened: true };
  }
  if (source.opaqueSubject === 'off') return unsupported;
  return source.subjectInTokens
    ? { kind: 'user', issuers: source.tokenIssuers, subject: id }
    : { kind: 'identifier', identifier: { format: 'opaque', id } };
}

function readToken({ iss, jti }: JsonObject, { source }: SubjectContext): Subject | 'malformed' {
  if (!isName(iss) || !isName(jti)) return 'malformed';
  const issuers = issuersOfSubject(iss, source);
  return issuers === undefined ? { kind: 'foreign' } : { kind: 'token', issuers, token: jti };
}

/** An identifier with one member, which is looked up. Other members are not passed on. */
function named(member: string): Reader {
  return (identifier) => {
    const value = identifier[member];
    if (!isName(value)) return 'malformed';
    return { kind: 'identifier', identifier: { format: identifier['format'], [member]: value } };
  };
}
