import type { Source } from '../config/source-list.ts';
import { sendsOnce } from '../delivery/receive.ts';
import type { SignalCounter } from '../telemetry/count-signals.ts';
import type { Answer } from './answers.ts';

/** Counts the answers of one route. */
export interface AnswerReport {
  /** An answer to a request whose message was not read: no delivery counts it. */
  unread(answer: Answer): void;
  /** The sender closed the connection before its message was there. */
  aborted(): void;
  /** Every answer. */
  sent(answer: Answer): void;
}

export function countAnswers(
  { name, kind }: Pick<Source, 'name' | 'kind'>,
  counter: Pick<SignalCounter, 'refused' | 'unverified' | 'lost'>,
): AnswerReport {
  return {
    unread(answer) {
      if (answer.outcome === 'refused') counter.refused(name, answer.because ?? answer.reason);
      if (answer.outcome === 'refused' && answer.reason === 'too_slow') counter.unverified(name, 'too_slow');
      if (answer.outcome === 'unavailable' && answer.why !== undefined) counter.unverified(name, answer.why);
    },
    aborted: () => counter.unverified(name, 'aborted'),
    sent(answer) {
      // Not one that was not verified: with slow bodies and invented keys, a stranger could cause an alert.
      const isVerified = answer.outcome === 'unavailable' && answer.why === undefined;
      if (isVerified && sendsOnce(kind)) counter.lost(name);
    },
  };
}
