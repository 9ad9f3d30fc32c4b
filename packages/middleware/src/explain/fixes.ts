import type { Reason } from '../errors.ts';

/** How to fix each reason. The table in docs/errors.md has the same texts, beside the meanings. */
export const fixes: Readonly<Record<Reason, string>> = {
  missing_token:
    'Send `Authorization: Bearer …`. In browsers, CORS preflights must be answered before `protect` (docs/mounting.md).',
  unsupported_scheme:
    'Write `Bearer`, one space, the token. `DPoP` is accepted with the option `dpop`; with `dpop.required` only `DPoP` is.',
  malformed_request: 'Look at what a proxy or a client library writes into the field.',
  multiple_tokens: "Remove one: a proxy that adds its own must replace the client's.",
  malformed_token:
    'The token was cut or re-encoded, or it is opaque or encrypted. Ask the issuer for signed JWT access tokens.',
  token_too_large:
    'Let the issuer put less into the token: groups belong behind an API. Or raise `maxTokenBytes`, and `--max-http-header-size` of Node.',
  wrong_typ: 'Send the access token. If the issuer does not follow RFC 9068, set its `profile`.',
  alg_not_allowed: 'Sign with an asymmetric algorithm. HS256 and `none` are never accepted.',
  unsupported_crit: 'Let the issuer omit it: no extension is supported.',
  unknown_kid:
    'The key was rotated out, or the token is from another environment. Publish new keys before signing with them.',
  missing_kid: 'Let the issuer put `kid` into the header.',
  key_not_usable: 'Fix the key set of the issuer.',
  bad_signature:
    'The token was changed, forged, or signed by another key with the same `kid` (two environments?). Many at once may be an attack.',
  untrusted_issuer: 'Compare character by character: with a slash at the end it is another issuer.',
  wrong_audience: 'Let the client request the audience of this API, or fix the option `audience`.',
  expired: 'Refresh the token. If it is new, compare clocks.',
  not_yet_valid:
    'Compare the clocks of issuer and API, and see `clockToleranceMs` (`nbf`) and `iatToleranceMs` (`iat`).',
  too_old: 'Refresh the token.',
  too_long_lived:
    'Let the issuer sign tokens with a shorter lifetime: rules are kept only as long as a token can be valid.',
  missing_claim: 'RFC 9068 requires iss, exp, aud, sub, client_id, iat, jti. Set the `profile` of your issuer.',
  invalid_claim: 'Fix the claim mapping of the issuer.',
  revoked_token: 'Sign in again.',
  revoked_session: 'Sign in again.',
  revoked_grant: 'Sign in again, and check for theft.',
  revoked_subject: 'Sign in again, unless the user is banned.',
  revoked_client: 'Ask the operator of the authorization server.',
  revoked_subject_client: 'Give consent again.',
  revoked_tenant: 'Ask the operator of the authorization server.',
  revoked_key: 'Sign in again: the new token is signed with a new key.',
  revoked_issuer: 'Ask the operator of the issuer: this is an incident.',
  binding_mismatch:
    'Prove the key with each request: with the scheme `DPoP` and a proof (option `dpop`), or with the certificate over mutual TLS (option `clientCertificate` behind a proxy).',
  dpop_invalid:
    'Make a new proof for each request, with its method, URI and token. The URI must begin with `dpop.publicOrigin`. Compare clocks.',
  dpop_replay: 'Make a new proof for each request, also for a repeated one. Many at once may be an attack.',
  dpop_nonce: 'Put the nonce of the field `DPoP-Nonce` into a new proof, and repeat the request.',
  step_up_required: 'Send the user to the authorization server with `acr_values` and `max_age` of the challenge.',
  insufficient_scope: 'Request the scope in the challenge.',
  unknown_kid_throttled:
    'Repeat the request after `Retry-After`: the keys are loaded again by then. Publish new keys before signing with them. Many at once: guessed kids.',
  unknown_issuer_throttled: 'Repeat the request after `Retry-After`. Many at once: guessed issuers.',
  signature_throttled:
    'Repeat the request after `Retry-After`. Let the issuer sign with ES256 or EdDSA: a check of ES384 or ES512 takes ten times as long.',
  dpop_throttled: 'Let the client send fewer requests at a time, or raise `dpop.maxReplays`.',
  jwks_unavailable:
    'Look at `revocast_jwks_fetches_total` by result: network, TLS, a wrong `jwksUri`. Known keys stay usable for an hour.',
  denylist_unavailable:
    "Check that the sidecar and Redis run; the log line names the cause. For a stream, compare `revocast_watched_streams` with `watch.maxStreams`. `revocation: null` switches revocation off, `whenUnknown: 'accept'` accepts tokens meanwhile.",
  internal_error: 'With `forwardErrors` the error handler receives the `cause`.',
};
