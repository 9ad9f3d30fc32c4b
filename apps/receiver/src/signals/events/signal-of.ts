import { effectsOn, ignore } from '../effects.ts';
import type { ReadingContext } from '../reading.ts';
import type { Refusal } from '../refusal.ts';
import type { Effect, Signal } from '../signal.ts';
import type { SubjectReading } from '../subjects/read-subject.ts';
import type { Scope } from '../subjects/subject.ts';
import { actionOfEvent, type EventFacts } from './event-action.ts';

/**
 * The signal of an event, or why its message is refused.
 *
 * @param subjectsOf reads the subjects of the event. Not called for an event that does nothing.
 */
export function signalOfEvent(
  facts: EventFacts,
  subjectsOf: (scope: Scope) => SubjectReading,
  context: ReadingContext,
): Signal | Refusal {
  const result = actionOfEvent(facts, context);
  switch (result.outcome) {
    case 'malformed':
      return 'bad_events';
    case 'off':
    case 'unsupported':
      return signalWith(facts, [ignore(result.outcome)], context);
    case 'action': {
      const { action, scope } = result;
      const subjects = subjectsOf(scope);
      if (subjects === 'malformed') return 'bad_subject';
      if (subjects === 'too_many') return 'too_many';
      return signalWith(facts, effectsOn(subjects, action, context.source), context);
    }
  }
}

/** @param effects at least one. */
export function signalWith(
  { type, issuer, eventId, happenedAtMs }: Omit<EventFacts, 'members'>,
  effects: readonly Effect[],
  { source, nowMs }: ReadingContext,
): Signal {
  // The clock of the sender may be ahead; the log takes no time of the future.
  const occurredAtMs = Math.min(happenedAtMs ?? nowMs, nowMs);
  return { source: source.name, type, issuer, eventId, occurredAtMs, receivedAtMs: nowMs, effects };
}
