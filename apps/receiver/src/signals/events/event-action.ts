import type { RevocationReason } from '@revocast/denylist';
import type { JsonObject } from '@revocast/denylist/replica';
import { actionOf } from '../action-of.ts';
import type { ReadingContext } from '../reading.ts';
import type { Action } from '../signal.ts';
import type { SignalType } from '../signal-type.ts';
import type { Scope } from '../subjects/subject.ts';
import { type EventRule, eventTable } from './event-table.ts';

/** One event: its type, its own members, and when it happened. */
export interface EventFacts {
  readonly type: SignalType;
  readonly members: JsonObject;
  /** Undefined: it has no time. */
  readonly happenedAtMs: number | undefined;
  /** `jti`, or the id of the event in a webhook. */
  readonly eventId: string;
  readonly issuer: string;
}

export type EventAction =
  | { readonly outcome: 'action'; readonly action: Action; readonly scope: Scope }
  | { readonly outcome: 'off' | 'unsupported' | 'malformed' };

/** CAEP 1.0 §2. */
const reasonOfInitiator: ReadonlyMap<unknown, RevocationReason> = new Map([
  ['admin', 'admin'],
  ['user', 'logout'],
  ['policy', 'policy'],
  ['system', 'policy'],
]);

/** What an event does to its subjects, by the table and the configuration of the source. */
export function actionOfEvent(facts: EventFacts, { source, nowMs }: ReadingContext): EventAction {
  const { type, members, happenedAtMs, eventId, issuer } = facts;
  if (type === 'other' || type === 'verification' || type === 'stream-updated') return { outcome: 'unsupported' };
  const rule = eventTable[type];
  const setting = source.events[type];
  if (type === 'credential-change' && !isCredentialChange(members)) return { outcome: 'malformed' };
  if (setting === 'off' || (setting === undefined && isOffByDefault(rule, members))) return { outcome: 'off' };
  const kind = setting === 'cutoff' && rule.kind === 'block' ? 'end' : rule.kind;
  const reason = rule.reason === 'initiator' ? reasonOf(members) : rule.reason;
  const event = [source.name, issuer, eventId, type];
  return { outcome: 'action', action: actionOf({ kind, reason, happenedAtMs, nowMs, event }), scope: rule.scope };
}

function reasonOf({ initiating_entity: initiator }: JsonObject): RevocationReason {
  return reasonOfInitiator.get(initiator) ?? 'other';
}

/** CAEP 1.0 §3.3.1: both members are required. */
function isCredentialChange({ credential_type: credential, change_type: change }: JsonObject): boolean {
  return typeof credential === 'string' && typeof change === 'string';
}

/** A password that is created takes nothing from anyone. */
const endingChanges: readonly unknown[] = ['update', 'revoke', 'delete'];

function isOffByDefault({ byDefault }: EventRule, { credential_type, change_type }: JsonObject): boolean {
  if (byDefault !== 'password') return byDefault === 'off';
  return credential_type !== 'password' || !endingChanges.includes(change_type);
}
