import { isName } from '@revocast/denylist/replica';
import { actionOf } from '../action-of.ts';
import { effectsOn, ignore } from '../effects.ts';
import { signalWith } from '../events/signal-of.ts';
import { accept, type ReadingContext, refuse } from '../reading.ts';
import type { Effect, Reading, Signal } from '../signal.ts';
import type { SignalType } from '../signal-type.ts';
import type { JsonMapping, JsonRule } from '../source-profile.ts';
import type { Subject } from '../subjects/subject.ts';
import { mostWebhookBytes, mostWebhookEvents, readJsonBody } from './json-body.ts';
import { valueAt } from './json-pointer.ts';
import { checkSignature } from './signature.ts';
import { webhookTime } from './webhook-time.ts';

export interface SignedRequest {
  readonly body: Uint8Array;
  /** The value of the header with the signature. */
  readonly header: string | undefined;
  readonly secrets: readonly Uint8Array[];
}

/** Reads a signed webhook of any JSON form, by the pointers of the source. */
export function readSignedJson({ body, header, secrets }: SignedRequest, context: ReadingContext): Reading {
  if (body.length > mostWebhookBytes) return refuse('too_large');
  const refusal = checkSignature({ header, body }, secrets, context.nowMs);
  if (refusal !== undefined) return refuse(refusal);
  const { mapping } = context.source;
  const document = readJsonBody(body);
  if (mapping === undefined || document === undefined) return refuse('malformed_body');
  const events = mapping.events === undefined ? [document] : valueAt(document, mapping.events);
  if (!Array.isArray(events) || events.length === 0) return refuse('malformed_body');
  if (events.length > mostWebhookEvents) return refuse('too_many');
  const signals: Signal[] = [];
  for (const event of events) {
    const eventId = idOf(valueAt(event, mapping.id));
    // Without an id, a second delivery could not be recognised.
    if (eventId === undefined) return refuse('malformed_body');
    signals.push(signalOf({ event, eventId }, mapping, context));
  }
  return accept(signals);
}

function signalOf(
  { event, eventId }: { readonly event: unknown; readonly eventId: string },
  mapping: JsonMapping,
  context: ReadingContext,
): Signal {
  const { source, nowMs } = context;
  const { issuer } = source;
  const happenedAtMs = mapping.time === undefined ? undefined : webhookTime(valueAt(event, mapping.time), nowMs);
  const name = valueAt(event, mapping.type);
  const rule = typeof name === 'string' && Object.hasOwn(mapping.rules, name) ? mapping.rules[name] : undefined;
  const signal = (type: SignalType, effects: readonly Effect[]) =>
    signalWith({ type, issuer, eventId, happenedAtMs }, effects, context);
  if (rule === undefined) return signal('other', [ignore('unsupported')]);
  const type = typeOf(rule);
  const subject = subjectOf(event, rule, context);
  const lacksTime = mapping.time !== undefined && happenedAtMs === undefined;
  if (subject === undefined || lacksTime) return signal(type, [ignore('malformed')]);
  const { action: kind, reason = kind === 'block' ? 'account_disabled' : 'other' } = rule;
  const action = actionOf({ kind, reason, happenedAtMs, nowMs, event: [source.name, issuer, eventId, type] });
  return signal(type, effectsOn([subject], action, source));
}

function typeOf({ action, session }: JsonRule): SignalType {
  if (action === 'block') return 'account-disabled';
  if (action === 'lift') return 'account-enabled';
  return session === undefined ? 'tokens-revoked' : 'session-revoked';
}

function subjectOf(event: unknown, rule: JsonRule, { source }: ReadingContext): Subject | undefined {
  const { tokenIssuers: issuers } = source;
  if (rule.session !== undefined) {
    const session = valueAt(event, rule.session);
    return isName(session) ? { kind: 'session', session } : undefined;
  }
  if (rule.email !== undefined) {
    const email = valueAt(event, rule.email);
    return isName(email) ? { kind: 'identifier', identifier: { format: 'email', email } } : undefined;
  }
  if (rule.subject === undefined) return undefined;
  const subject = valueAt(event, rule.subject);
  const client = rule.client === undefined ? undefined : valueAt(event, rule.client);
  // Without the client, the tokens of the user at all clients would end.
  if (!isName(subject) || (rule.client !== undefined && !isName(client))) return undefined;
  const atClient = isName(client) ? client : undefined;
  return source.subjectInTokens
    ? { kind: 'user', issuers, subject, client: atClient }
    : { kind: 'identifier', identifier: { format: 'iss_sub', iss: source.issuer, sub: subject }, client: atClient };
}

function idOf(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value);
  return isName(value) ? value : undefined;
}
