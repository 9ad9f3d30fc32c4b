/** RFC 8935 §2.4. */
export type SetErrorCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied';

interface RefusalAnswer {
  /** RFC 8935 §2.3 and OpenID Connect Back-Channel Logout 1.0 §2.8: 400. Webhooks and token revocation requests: also 401, 403. RFC 9110 §15.5.9: 408. */
  readonly status: 400 | 401 | 403 | 408;
  readonly err: SetErrorCode;
  /** For the operator of the sender. A constant: nothing of the message is in it. */
  readonly description: string;
}

/** Why a message is refused, and the answer to its sender. A closed list: safe as a label. */
export const refusals = {
  too_large: answer('invalid_request', 'the message is too long'),
  too_slow: answer('invalid_request', 'the body did not arrive in time', 408),
  malformed: answer('invalid_request', 'expected a JWS in compact serialization with JSON claims'),
  malformed_body: answer('invalid_request', 'the body is not the expected JSON'),
  wrong_typ: answer('invalid_request', 'the header "typ" is not that of the expected kind of token'),
  unsupported_crit: answer('invalid_request', 'the header "crit" names an extension that is not supported'),
  wrong_alg: answer('invalid_key', 'expected a signature by RS256, PS256, ES256 or EdDSA'),
  unusable_key: answer('invalid_key', 'no key of the key set of the issuer fits the header'),
  bad_signature: answer('authentication_failed', 'the signature does not verify with the key of the issuer'),
  wrong_issuer: answer('invalid_issuer', '"iss" is not the issuer of this source'),
  wrong_audience: answer('invalid_audience', '"aud" does not contain an audience of this source'),
  bad_claims: answer('invalid_request', 'a claim is missing or has a wrong type'),
  in_future: answer('invalid_request', '"iat" or "nbf" is more than 60 s in the future'),
  expired: answer('invalid_request', 'the token is expired, or too old without "exp"'),
  has_nonce: answer('invalid_request', '"nonce" is prohibited: this may be an ID token'),
  has_sub: answer('invalid_request', '"sub" is prohibited in a SET: the subject is in "sub_id"'),
  no_subject: answer('invalid_request', 'expected "sub" or "sid"'),
  bad_events: answer('invalid_request', '"events" is missing, or an event does not conform to its definition'),
  bad_subject: answer('invalid_request', 'the subject identifier does not conform to its format'),
  too_many: answer('invalid_request', 'the message contains too many events or subjects'),
  bad_credential: answer('authentication_failed', 'the credential of the sender is missing or wrong', 401),
  stale_signature: answer('authentication_failed', 'the signed time is missing, or more than 5 minutes away', 401),
  foreign_subject: answer('access_denied', 'the subject belongs to an issuer that this source may not revoke in', 403),
} as const satisfies Readonly<Record<string, RefusalAnswer>>;

export type Refusal = keyof typeof refusals;

function answer(err: SetErrorCode, description: string, status: RefusalAnswer['status'] = 400): RefusalAnswer {
  return { status, err, description };
}
