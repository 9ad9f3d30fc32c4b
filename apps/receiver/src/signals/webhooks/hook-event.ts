import { isName, type JsonObject } from '@revocast/denylist/replica';
import { ignore } from '../effects.ts';
import { signalOfEvent, signalWith } from '../events/signal-of.ts';
import type { ReadingContext } from '../reading.ts';
import type { Signal } from '../signal.ts';
import type { SignalType } from '../signal-type.ts';
import type { Subject } from '../subjects/subject.ts';
import { webhookTime } from './webhook-time.ts';

/** What an event of a webhook means, in the words of CAEP and RISC. */
export interface HookMeaning {
  readonly type: SignalType;
  readonly members?: JsonObject;
  /** It names one session of the user, whose id no token contains. */
  readonly isWidened?: boolean;
  /** Only if the configuration sets the event to `cutoff`. */
  readonly isOffByDefault?: boolean;
}

/** A change of a password, as CAEP 1.0 §3.3.1 describes it. */
export const passwordChange: HookMeaning = {
  type: 'credential-change',
  members: { credential_type: 'password', change_type: 'update' },
};

export interface HookEvent {
  readonly eventId: string;
  /** Undefined: an event that means nothing here. */
  readonly meaning: HookMeaning | undefined;
  /** ISO 8601. */
  readonly time: unknown;
  /** The id of the user at the identity provider. */
  readonly user: unknown;
}

/** The signal of one event of a webhook about a user. */
export function signalOfHookEvent({ eventId, meaning, time, user }: HookEvent, context: ReadingContext): Signal {
  const { source, nowMs } = context;
  const { issuer } = source;
  const { type = 'other', members = {}, isWidened = false, isOffByDefault = false } = meaning ?? {};
  const happenedAtMs = webhookTime(time, nowMs);
  const facts = { type, members, happenedAtMs, eventId, issuer };
  if (meaning === undefined) return signalWith(facts, [ignore('unsupported')], context);
  if (isOffByDefault && source.events[type] !== 'cutoff') return signalWith(facts, [ignore('off')], context);
  if (!isName(user) || happenedAtMs === undefined) return signalWith(facts, [ignore('malformed')], context);
  const subject: Subject = source.subjectInTokens
    ? { kind: 'user', issuers: source.tokenIssuers, subject: user, isWidened }
    : { kind: 'identifier', identifier: { format: 'iss_sub', iss: issuer, sub: user }, isWidened };
  const signal = signalOfEvent(facts, () => [subject], context);
  return typeof signal === 'string' ? signalWith(facts, [ignore('malformed')], context) : signal;
}
