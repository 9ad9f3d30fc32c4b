import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import { signalOfEvent } from '../events/signal-of.ts';
import { accept, type ReadingContext, refuse, type VerifyingContext } from '../reading.ts';
import type { Refusal } from '../refusal.ts';
import type { Reading } from '../signal.ts';
import type { Subject } from '../subjects/subject.ts';
import { isNumericDate, mostAheadSeconds, ownAudiences } from './claims.ts';
import { verifySigned } from './verify-signed.ts';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
/** OpenID Connect Back-Channel Logout 1.0 §2.4: `logout+jwt` is recommended. Older providers write `JWT`, or nothing. */
const types = ['logout+jwt', 'jwt', ''];
/** Hydra sends no `exp`, and Keycloak before 23.0.4 sent none: then `iat` decides. */
const mostAgeWithoutExpSeconds = 300;

/**
 * Reads the logout token of OpenID Connect Back-Channel Logout 1.0 §2.4, and validates it as §2.6 requires.
 *
 * @param message bytes of the form parameter `logout_token`.
 */
export async function readLogoutToken(message: Uint8Array, context: VerifyingContext): Promise<Reading> {
  const form = { types, checkClaims: (claims: JsonObject) => checkClaims(claims, context) };
  const verified = await verifySigned(message, form, context);
  return verified.outcome === 'verified' ? readLogoutClaims(verified.claims, context) : verified;
}

/** The same for the claims of a logout token whose signature was verified. */
export function readLogoutClaims(claims: JsonObject, context: ReadingContext): Reading {
  const refusal = checkClaims(claims, context);
  if (refusal !== undefined) return refuse(refusal);
  const { source } = context;
  const { jti, iat } = claims;
  const facts = {
    type: 'logout' as const,
    members: {},
    happenedAtMs: Number(iat) * 1000,
    eventId: String(jti),
    issuer: source.issuer,
  };
  const signal = signalOfEvent(facts, () => subjectsOf(claims, context), context);
  return typeof signal === 'string' ? refuse(signal) : accept([signal]);
}

/** OpenID Connect Back-Channel Logout 1.0 §2.6, steps 4 to 8. */
function checkClaims(claims: JsonObject, { source, nowMs }: ReadingContext): Refusal | undefined {
  const { jti, iat, exp, events, nonce, sub, sid } = claims;
  if (ownAudiences(claims, source).length === 0) return 'wrong_audience';
  if (!isName(jti) || !isNumericDate(iat)) return 'bad_claims';
  if (exp !== undefined && !isNumericDate(exp)) return 'bad_claims';
  if (iat * 1000 > nowMs + mostAheadSeconds * 1000) return 'in_future';
  const endsAt = exp ?? iat + mostAgeWithoutExpSeconds;
  // The clock of the provider may be behind as well.
  if (endsAt * 1000 + mostAheadSeconds * 1000 < nowMs) return 'expired';
  // Step 6: the member must be there, with a JSON object.
  if (!isJsonObject(events) || !isJsonObject(events[logoutEvent])) return 'bad_events';
  // Step 7: an ID token with a nonce must not pass for a logout token.
  if (nonce !== undefined) return 'has_nonce';
  // Step 5: `sub`, `sid`, or both.
  if (sub === undefined && sid === undefined) return 'no_subject';
  if ((sub !== undefined && !isName(sub)) || (sid !== undefined && !isName(sid))) return 'bad_claims';
  return undefined;
}

/**
 * §2.4: with `sid`, that session is over; with `sub` only, every session of the user at the client that is the audience. A
 * provider may give each client another `sid` for one session (oidc-provider: `sidFor(client)`): where access tokens do not
 * have it, the tokens of the user at that client end, which may be more.
 */
function subjectsOf(claims: JsonObject, { source }: ReadingContext): readonly Subject[] {
  const { sub, sid } = claims;
  if (isName(sid) && source.sessionInTokens) return [{ kind: 'session', session: sid }];
  if (!isName(sub)) {
    return [{ kind: 'identifier', identifier: { format: 'opaque', id: sid }, isWidened: true }];
  }
  const isWidened = sid !== undefined;
  const identifier = { format: 'iss_sub', iss: source.issuer, sub };
  const issuers = source.tokenIssuers;
  const clients = isWidened ? ownAudiences(claims, source) : [undefined];
  return clients.map((client) =>
    source.subjectInTokens
      ? { kind: 'user', issuers, subject: sub, client, isWidened }
      : { kind: 'identifier', identifier, client, isWidened },
  );
}
