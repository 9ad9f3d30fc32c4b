import type { RevocationReason } from '@revocast/denylist';
import type { ProviderContext } from './provider.ts';

/** Why the library ends a grant or a session in this request; undefined outside one of its routes. */
export function reasonOf({ oidc }: ProviderContext): RevocationReason | undefined {
  if (oidc === undefined) return undefined;
  const { route, params } = oidc;
  if (route.startsWith('end_session') || route === 'revocation') return 'logout';
  if (route !== 'token') return undefined;
  // RFC 9700 §4.14.2: at the token endpoint a grant is ended only after a second use of a credential.
  return params?.['grant_type'] === 'refresh_token' ? 'refresh_reuse' : 'credential_leak';
}
