import { ConfigurationError } from '@revocast/denylist';
import type { LifecycleEvent } from '../events/lifecycle-event.ts';
import type { ReportOptions } from '../lifecycle/outcome.ts';
import type { TokenKeys } from './token-keys.ts';
import { createVerifyToken } from './verify-token.ts';

/**
 * What became of a token that a client wants to have revoked (RFC 7009):
 * - `revoked`: noted, and logged or about to be
 * - `expired`: nothing accepts it any more
 * - `not_yours`: issued to another client; not revoked
 * - `not_ours`: no JWT of this issuer, for example an opaque token
 * - `unavailable`: the keys of the issuer could not be read, so it is not revoked; the client tries again
 */
export type TokenRevocation = 'revoked' | 'expired' | 'not_yours' | 'not_ours' | 'unavailable';

export type RevokeToken = (jwt: string, by: { readonly client: string }) => Promise<TokenRevocation>;

/** The part of a lifecycle that revokes a token. */
interface Reporter {
  readonly issuer: string;
  report(event: LifecycleEvent, options?: ReportOptions): Promise<unknown>;
}

/**
 * A function that revokes one JWT access token for its client.
 *
 * @param waitMs how long it waits for the log, as `report`.
 * @throws ConfigurationError for malformed keys. The function throws what `report` throws, and ConfigurationError without keys.
 */
export function createRevokeToken(lifecycle: Reporter, keys: TokenKeys | undefined, waitMs?: number): RevokeToken {
  if (keys === undefined) return refuseWithoutKeys;
  const verify = createVerifyToken(lifecycle.issuer, keys);
  return async (jwt, { client }) => {
    const verdict = await verify(jwt);
    if (verdict.outcome === 'foreign') return 'not_ours';
    if (verdict.outcome !== 'genuine') return verdict.outcome;
    const { jti, exp, client_id: clientId, azp } = verdict.claims;
    // RFC 9068 §2.2: an access token has both. An ID token has neither, and is not revoked here.
    const issuedTo = clientId ?? azp;
    if (typeof jti !== 'string' || typeof issuedTo !== 'string') return 'not_ours';
    // RFC 7009 §2.1: only the client to which the token was issued may revoke it.
    if (issuedTo !== client) return 'not_yours';
    const event = { type: 'token_revoked', token: jti, expiresAt: Math.ceil(Number(exp)), reason: 'logout' } as const;
    await lifecycle.report(event, { waitMs });
    return 'revoked';
  };
}

async function refuseWithoutKeys(): Promise<never> {
  throw new ConfigurationError(
    'keys',
    'expected the public keys that sign access tokens, found none; pass createLifecycle({ keys }): a key set or its URL',
  );
}
