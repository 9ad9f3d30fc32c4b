import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { FamilyClaims, Lifecycle, OutcomeState } from '@revocast/issuer';
import { attach, recording } from '@revocast/issuer/oidc-provider';
import { SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import type { IssuedTokens } from './issued-tokens.ts';
import { createMemoryStore } from './memory-store.ts';
import { apiScopes, buildProviderOptions, lifetimes } from './provider-options.ts';
import { type KeyRing, rotate, type SigningKey, signerOf, signingAlgorithm, withdraw } from './signing-keys.ts';
import { trackIssuedTokens } from './track-issued-tokens.ts';

export interface IssuerOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifecycle: Lifecycle;
  readonly firstKey: SigningKey;
  readonly cookieKeys: readonly string[];
  readonly nowMs: () => number;
  /** Filled here, and counted by the lifecycle. */
  readonly issuedTokens: IssuedTokens;
  /** Receives the error behind a response with status 500. */
  readonly reportError: (error: unknown) => void;
}

/** An authorization server, with the actions of its operators and users that are not part of OAuth. */
export interface Issuer {
  readonly issuer: string;
  /** The OAuth and OpenID Connect endpoints. */
  readonly handleOauth: RequestListener;
  /** The current provider. A rotation replaces it. */
  provider(): Provider;
  /** Signs an access token with the claims of a refresh family, and with the current key. */
  signAccessToken(claims: FamilyClaims): Promise<string>;
  /** Signs with this key from now on; the earlier ones stay published. */
  rotateKey(next: SigningKey): void;
  /** Withdraws a key from the published set and blocks every token it signed. */
  reportLeakedKey(kid: string): Promise<OutcomeState>;
  /**
   * Ends every session, grant and refresh token of the account, then every access token issued up to now.
   *
   * @param by who asked for it, for the audit trail.
   */
  signOutEverywhere(accountId: string, by: string): Promise<OutcomeState>;
}

export function createIssuer(options: IssuerOptions): Issuer {
  const { issuer, audience, lifecycle, cookieKeys, issuedTokens, nowMs, reportError } = options;
  const store = createMemoryStore(nowMs);
  // The library reads its keys once, so a rotation creates a new provider over the same store. Pending requests finish
  // on the old one.
  const build = (keyRing: KeyRing): { provider: Provider; handle: RequestListener } => {
    const adapter = recording(store.adapterFor, lifecycle);
    const provider = new Provider(issuer, buildProviderOptions({ audience, keyRing, adapter, cookieKeys }));
    attach(provider, lifecycle);
    provider.on('error', reportError);
    provider.on('server_error', (_context: unknown, error: unknown) => reportError(error));
    trackIssuedTokens(provider, issuedTokens, signerOf(keyRing));
    return { provider, handle: provider.callback() };
  };

  let ring: KeyRing = { keys: [options.firstKey] };
  let current = build(ring);
  const publish = (next: KeyRing): void => {
    ring = next;
    current = build(ring);
  };

  return {
    issuer,
    handleOauth: (request, response) => current.handle(request, response),
    provider: () => current.provider,
    async signAccessToken(claims) {
      const [key = options.firstKey] = ring.keys;
      return await new SignJWT({ ...claims, scope: apiScopes })
        .setProtectedHeader({ alg: signingAlgorithm, typ: 'at+jwt', kid: key.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(randomUUID())
        .setExpirationTime(claims.iat + lifetimes.accessToken)
        .sign(key);
    },
    rotateKey: (next) => publish(rotate(ring, next)),
    async reportLeakedKey(kid) {
      publish(withdraw(ring, kid));
      issuedTokens.forget((origin) => origin.kid === kid);
      // Resource servers cache a key set for minutes; the block reaches them in milliseconds. A cutoff would not help,
      // because an attacker with the key can choose any `iat`.
      return (await lifecycle.report({ type: 'key_compromised', key: kid })).state;
    },
    async signOutEverywhere(accountId, by) {
      // Refresh tokens end before the cutoff. In the other order, a refresh in between would give a token after the cutoff.
      store.forgetAccount(accountId);
      issuedTokens.forget((origin) => origin.accountId === accountId);
      return (await lifecycle.report({ type: 'signed_out_everywhere', subject: accountId, by })).state;
    },
  };
}
