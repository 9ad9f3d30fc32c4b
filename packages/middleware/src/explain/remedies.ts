import type { Reason } from '../errors.ts';

/** What to do about each reason. docs/errors.md says the same, beside what each means. */
export const remedies: Readonly<Record<Reason, string>> = {
  missing_token:
    'Send `Authorization: Bearer …`. Browsers: let CORS preflights be answered before `protect` (docs/mounting.md).',
  unsupported_scheme:
    'Write `Bearer`, one space, the token. `DPoP` is taken with the option `dpop`, and with `dpop.required` nothing else.',
  malformed_request: 'Look at what a proxy or client library puts into the field.',
  multiple_tokens: "Remove one: a proxy that adds its own must replace the client's.",
  malformed_token:
    'The token was cut, re-encoded or is opaque or encrypted: ask the issuer for signed JWT access tokens.',
  token_too_large: 'Have the issuer put less into the token: groups belong behind an API.',
  wrong_typ: 'Send the access token. If the issuer does not follow RFC 9068, choose its `profile`.',
  alg_not_allowed: 'Sign with an asymmetric algorithm; HS256 and `none` are never accepted.',
  unsupported_crit: 'Have the issuer leave it out: none is understood here.',
  unknown_kid:
    'The key was rotated away or the token is from another environment. Publish new keys before signing with them.',
  missing_kid: 'Have the issuer put `kid` into the header.',
  key_not_usable: "Mend the issuer's key set.",
  bad_signature:
    'Changed on its way, forged, or signed by a key that only shares the `kid` (two environments?). Many at once: somebody is trying.',
  untrusted_issuer: 'Compare character by character: a slash at the end is another issuer.',
  wrong_audience: "Have the client ask for this API's audience, or mend the option `audience`.",
  expired: 'Refresh the token. If it is new: compare clocks.',
  not_yet_valid: 'Compare the clocks of issuer and API; `clockToleranceMs`.',
  too_old: 'Refresh the token.',
  too_long_lived: 'Have the issuer sign shorter-lived tokens: rules are kept only as long as a token can live.',
  missing_claim: 'RFC 9068 wants iss, exp, aud, sub, client_id, iat, jti. Choose the `profile` of your issuer.',
  invalid_claim: "Mend the issuer's claim mapping.",
  revoked_token: 'Sign in again.',
  revoked_session: 'Sign in again.',
  revoked_grant: 'Sign in again; look for theft.',
  revoked_subject: 'Sign in again, unless banned.',
  revoked_client: 'Ask who runs the authorization server.',
  revoked_subject_client: 'Consent again.',
  revoked_tenant: 'Ask who runs the authorization server.',
  revoked_key: 'Sign in again; the new token comes from a new key.',
  revoked_issuer: 'An incident is under way: ask.',
  binding_mismatch:
    'Show the token with its key: the scheme `DPoP` and a proof (option `dpop`), or the certificate over mutual TLS (option `clientCertificate` behind a proxy).',
  dpop_invalid:
    'Make a new proof for each request, for this method, URI and token. The URI must begin with `dpop.publicOrigin`. Compare clocks.',
  dpop_replay: 'Make a new proof for each request, also when repeating one. Many at once: somebody is trying.',
  dpop_nonce: 'Put the nonce of the field `DPoP-Nonce` into a new proof, and repeat the request.',
  step_up_required: 'Send the user to the authorization server with `acr_values` and `max_age` of the challenge.',
  insufficient_scope: 'Ask for the scope in the challenge.',
  jwks_unavailable:
    'Look at `revocast_jwks_fetches_total` by result: network, TLS, a wrong `jwksUri`. Known keys go on working for an hour.',
  denylist_unavailable:
    "Is the sidecar running, and Redis? The log line names the cause. `revocation: null` switches revocation off, `whenUnknown: 'accept'` lets tokens in meanwhile.",
  internal_error: 'With `forwardErrors` the error handler gets the `cause`.',
};
