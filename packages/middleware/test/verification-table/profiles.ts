import { audience, claims } from './recipes.ts';
import type { Row } from './row.ts';

export const profiled: Row[] = [
  {
    sends: 'typ JWT, with few claims',
    bench: 'generic',
    token: { header: { typ: 'JWT' }, claims: { jti: undefined, client_id: undefined, scope: 'read' } },
    reason: 'none',
  },
  {
    sends: 'no client, and nothing of a sign-in',
    bench: 'generic',
    token: { header: { typ: 'JWT' }, claims: { jti: undefined, client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'no typ, scp as an array',
    bench: 'generic',
    token: { header: { typ: undefined }, claims: { scp: ['read'] } },
    reason: 'none',
  },
  {
    sends: 'an ID token without typ',
    bench: 'generic',
    token: { header: { typ: undefined }, claims: { at_hash: 'x' } },
    reason: 'wrong_typ',
  },
  { sends: 'no subject', bench: 'generic', token: claims({ sub: undefined }), reason: 'missing_claim' },
  {
    sends: 'a Keycloak token',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer', azp: 'spa', client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'a Keycloak ID token',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'ID', azp: 'spa' } },
    reason: 'wrong_typ',
  },
  {
    sends: 'a Keycloak token without azp',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer' } },
    reason: 'missing_claim',
  },
  {
    sends: 'a revoked Keycloak client',
    bench: 'keycloak',
    token: { header: { typ: 'JWT' }, claims: { typ: 'Bearer', azp: 'revoked-client' } },
    reason: 'revoked_client',
  },
  {
    sends: 'an Auth0 token',
    bench: 'auth0',
    token: {
      header: { typ: 'JWT' },
      claims: { azp: 'spa', client_id: undefined, jti: undefined, permissions: ['read'] },
    },
    reason: 'none',
  },
  {
    sends: 'an Okta token',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'spa', uid: '00u1', scp: ['read'], client_id: undefined } },
    reason: 'none',
  },
  {
    sends: 'a revoked Okta user',
    bench: 'okta',
    token: { header: { typ: undefined }, claims: { cid: 'spa', uid: 'revoked-subject' } },
    reason: 'revoked_subject',
  },
  { sends: 'an Okta token without cid', bench: 'okta', token: { header: { typ: undefined } }, reason: 'missing_claim' },
  {
    sends: 'an Entra token',
    bench: 'entra',
    token: {
      header: { typ: 'JWT' },
      claims: { iss: 'https://login.test/t-1/v2.0', tid: 't-1', uti: 'u', oid: 'o', azp: 'spa', jti: undefined },
    },
    reason: 'none',
  },
  {
    sends: 'an Entra token of a tenant not listed',
    bench: 'entra',
    token: { header: { typ: 'JWT' }, claims: { iss: 'https://login.test/t-3/v2.0', tid: 't-3', uti: 'u', oid: 'o' } },
    reason: 'untrusted_issuer',
  },
  {
    sends: 'a Cognito token',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: audience, aud: undefined } },
    reason: 'none',
  },
  {
    sends: 'a Cognito ID token',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'id', client_id: audience } },
    reason: 'wrong_typ',
  },
  {
    sends: 'a Cognito token of another client',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x', aud: undefined } },
    reason: 'wrong_audience',
  },
  {
    sends: 'a Cognito token for this API as a resource',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x' } },
    reason: 'none',
  },
  {
    sends: 'a Cognito token for another resource and of another client',
    bench: 'cognito',
    token: { header: { typ: undefined }, claims: { token_use: 'access', client_id: 'x', aud: 'https://x.test' } },
    reason: 'wrong_audience',
  },
];
