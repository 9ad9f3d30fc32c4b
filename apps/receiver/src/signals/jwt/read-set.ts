import { isJsonObject, isName, type JsonObject } from '@revocast/denylist/replica';
import { eventTypeOf } from '../events/event-table.ts';
import { eventTimeOf } from '../events/event-time.ts';
import { signalOfEvent, signalWith } from '../events/signal-of.ts';
import { accept, type ReadingContext, refuse, type VerifyingContext } from '../reading.ts';
import type { Refusal } from '../refusal.ts';
import { type Reading, type Signal, streamStatuses } from '../signal.ts';
import { readSubject } from '../subjects/read-subject.ts';
import { isNumericDate, mostAheadSeconds, ownAudiences } from './claims.ts';
import { verifySigned } from './verify-signed.ts';

const mostEvents = 16;
const longestState = 1024;

/** The claims of a SET that were checked. */
interface SetClaims {
  readonly jti: string;
  readonly iat: number;
  readonly events: readonly (readonly [uri: string, members: JsonObject])[];
}

/**
 * Reads a Security Event Token (RFC 8417) of the Shared Signals Framework 1.0.
 *
 * @param message UTF-8 bytes of the token, as pushed (RFC 8935 §2.1) or polled (RFC 8936 §2.4).
 */
export async function readSet(message: Uint8Array, context: VerifyingContext): Promise<Reading> {
  // RFC 8417 §2.3, SSF 1.0 §4.1.1: explicit typing. Google and other older senders write none, or the general name.
  const types = context.source.legacy ? ['secevent+jwt', 'jwt', ''] : ['secevent+jwt'];
  const verified = await verifySigned(message, { types }, context);
  return verified.outcome === 'verified' ? readSetClaims(verified.claims, context) : verified;
}

/** The same for the claims of a SET whose signature was verified. */
export function readSetClaims(claims: JsonObject, context: ReadingContext): Reading {
  const checked = checkClaims(claims, context);
  if (typeof checked === 'string') return refuse(checked);
  const signals: Signal[] = [];
  for (const [uri, members] of checked.events) {
    const signal = readEvent({ uri, members }, { claims, checked }, context);
    if (typeof signal === 'string') return refuse(signal);
    signals.push(signal);
  }
  return accept(signals);
}

/** In the order in which an operator would look: for whom, from when, about what. */
function checkClaims(claims: JsonObject, { source, nowMs }: ReadingContext): SetClaims | Refusal {
  const { jti, iat, nonce, sub } = claims;
  // RFC 8417 §2.2, RFC 8935 §2.4: a SET for another receiver is not acknowledged.
  const lacksAudience = claims['aud'] === undefined && source.mayLackAudience === true;
  if (!lacksAudience && ownAudiences(claims, source).length === 0) return 'wrong_audience';
  // RFC 8417 §2.2: both are required. The id is what makes a second delivery harmless.
  if (!isName(jti) || !isNumericDate(iat)) return 'bad_claims';
  if (iat * 1000 > nowMs + mostAheadSeconds * 1000) return 'in_future';
  // RFC 8417 §4.4: an ID token has a nonce, and must not pass for a SET.
  if (nonce !== undefined) return 'has_nonce';
  // SSF 1.0 §4.1.2: an access token or an ID token has `sub`. `exp` is not read: some senders still write it.
  if (sub !== undefined && !source.legacy) return 'has_sub';
  const { events } = claims;
  // RFC 8417 §2.2: an object with at least one event.
  if (!isJsonObject(events)) return 'bad_events';
  const entries = Object.entries(events);
  if (entries.length > mostEvents) return 'too_many';
  const isWellFormed = (entry: [string, unknown]): entry is [string, JsonObject] => isJsonObject(entry[1]);
  if (entries.length === 0 || !entries.every(isWellFormed)) return 'bad_events';
  return { jti, iat, events: entries };
}

function readEvent(
  { uri, members }: { readonly uri: string; readonly members: JsonObject },
  { claims, checked }: { readonly claims: JsonObject; readonly checked: SetClaims },
  context: ReadingContext,
): Signal | Refusal {
  const { jti: eventId, iat } = checked;
  const type = eventTypeOf(uri);
  const happenedAtMs = eventTimeOf(members, { toe: claims['toe'], iat });
  const facts = { type, members, happenedAtMs, eventId, issuer: context.source.issuer };
  if (type === 'verification') return signalWith(facts, [{ kind: type, state: stateOf(members) }], context);
  if (type === 'stream-updated') {
    // SSF 1.0 §8.1.5: `status` is required.
    if (typeof members['status'] !== 'string') return 'bad_events';
    const status = streamStatuses.find((known) => known === members['status']) ?? 'other';
    return signalWith(facts, [{ kind: 'stream_updated', status }], context);
  }
  // SSF 1.0 §3.1: the subject is in `sub_id`. Okta, authentik, Google and the drafts have it in the event.
  const identifier = claims['sub_id'] ?? members['subject'];
  return signalOfEvent(facts, (scope) => readSubject(identifier, { source: context.source, scope }), context);
}

/** SSF 1.0 §8.1.4.1. A longer state was not sent by this receiver. */
function stateOf({ state }: JsonObject): string | undefined {
  return typeof state === 'string' && state.length <= longestState ? state : undefined;
}
