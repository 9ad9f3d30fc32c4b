import { LogError } from '@revocast/denylist';
import { StoreError } from '../outbox/store-error.ts';
import type { TokenRevocation } from './revoke-token.ts';

/** An answer of a revocation endpoint. Without `body` it is empty. */
export interface RevocationAnswer {
  readonly status: 200 | 400 | 503;
  readonly retryAfterSeconds?: number;
  readonly body?: { readonly error: string; readonly error_description?: string };
}

const revoked: RevocationAnswer = { status: 200 };
const ofAnotherClient: RevocationAnswer = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'the token was issued to another client' },
};
const unavailable: RevocationAnswer = {
  status: 503,
  retryAfterSeconds: 1,
  body: { error: 'temporarily_unavailable' },
};

/**
 * The answer of RFC 7009 to a revocation; undefined for a token that is not a JWT of this issuer. Throws errors that are not
 * about the store or the log.
 */
export async function answerRevocation(revocation: Promise<TokenRevocation>): Promise<RevocationAnswer | undefined> {
  switch (await settle(revocation)) {
    case 'revoked':
    // RFC 7009 §2.2: for an invalid token, the purpose of the request is achieved.
    case 'expired':
      return revoked;
    case 'not_yours':
      // RFC 7009 §2.1: the request is refused.
      return ofAnotherClient;
    case 'unavailable':
      // RFC 7009 §2.2.1: the token may still be valid, and the client tries again.
      return unavailable;
    case 'not_ours':
      return undefined;
  }
}

async function settle(revocation: Promise<TokenRevocation>): Promise<TokenRevocation> {
  try {
    return await revocation;
  } catch (error) {
    if (error instanceof StoreError || error instanceof LogError) return 'unavailable';
    throw error;
  }
}
