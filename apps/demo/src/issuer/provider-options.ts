import { claimsOf } from '@revocast/issuer/oidc-provider';
import type { ProviderContext, StoredClient } from 'oidc-provider';
import type { StoreAdapter } from './memory-store.ts';
import { type KeyRing, signerOf, signingAlgorithm } from './signing-keys.ts';

export const demoClient = {
  id: 'shop',
  redirectUri: 'http://127.0.0.1/callback',
  signedOutUri: 'http://127.0.0.1/signed-out',
} as const;

export const apiScopes = 'orders:read orders:write';

export interface ProviderOptions {
  readonly audience: string;
  readonly keyRing: KeyRing;
  readonly adapter: (model: string) => StoreAdapter;
  readonly cookieKeys: readonly string[];
}

/** Seconds. docs/token-lifecycle.md explains these values. */
export const lifetimes = {
  accessToken: 15 * 60,
  idToken: 15 * 60,
  refreshToken: 14 * 24 * 3600,
  session: 14 * 24 * 3600,
  grant: 14 * 24 * 3600,
  authorizationCode: 60,
  interaction: 600,
} as const;

/** The configuration of oidc-provider, a certified server. Access tokens are JWTs, which a resource server can verify. */
export function buildProviderOptions({ audience, keyRing, adapter, cookieKeys }: ProviderOptions): object {
  return {
    adapter,
    jwks: { keys: keyRing.keys },
    cookies: { keys: cookieKeys },
    clients: [
      {
        client_id: demoClient.id,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        redirect_uris: [demoClient.redirectUri],
        post_logout_redirect_uris: [demoClient.signedOutUri],
        id_token_signed_response_alg: signingAlgorithm,
      },
    ],
    clientDefaults: { id_token_signed_response_alg: signingAlgorithm },
    scopes: ['openid'],
    claims: { openid: ['sub'] },
    pkce: { required: () => true },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    loadExistingGrant: (context: ProviderContext) => grantEverything(context, audience),
    interactions: { url: (_context: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    // Refresh tokens end with the session in which they were issued, so a logout ends both.
    issueRefreshToken: (_context: unknown, client: StoredClient) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => true,
    // RFC 9700 §4.14.2: every use replaces the refresh token. A second use of the old one ends the whole grant.
    rotateRefreshToken: true,
    // The claims that a revocation of a session or of a grant matches.
    extraTokenClaims: claimsOf,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource: renderLogout, postLogoutSuccessSource: renderSignedOut },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: apiScopes,
          audience,
          accessTokenTTL: lifetimes.accessToken,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: signingAlgorithm, kid: signerOf(keyRing) } },
        }),
      },
    },
    ttl: {
      AccessToken: lifetimes.accessToken,
      IdToken: lifetimes.idToken,
      RefreshToken: lifetimes.refreshToken,
      Session: lifetimes.session,
      Grant: lifetimes.grant,
      AuthorizationCode: lifetimes.authorizationCode,
      Interaction: lifetimes.interaction,
    },
  };
}

/** Consents for every user, because the only client is the demo. Each login has its own grant, so each can end separately. */
async function grantEverything({ oidc }: ProviderContext, audience: string): Promise<unknown> {
  const accountId = oidc.session?.accountId;
  if (accountId === undefined) return undefined;
  const grant = new oidc.provider.Grant({ accountId, clientId: oidc.client.clientId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(audience, apiScopes);
  await grant.save();
  return grant;
}

/** RFC 7009 §2.1: a client revokes its own tokens only. */
function isOwnToken(_context: unknown, client: StoredClient, token: { readonly clientId?: string }): boolean {
  return token.clientId === client.clientId;
}

async function renderLogout(context: ProviderContext, form: string): Promise<void> {
  context.type = 'html';
  context.body =
    '<!doctype html><title>Sign out</title>' +
    `${form}<button form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>`;
}

async function renderSignedOut(context: ProviderContext): Promise<void> {
  context.type = 'html';
  context.body = '<!doctype html><title>Signed out</title>Signed out.';
}
