import type { Source } from '../config/source-list.ts';
import { sendsOnce } from '../delivery/receive.ts';
import type { SignalCounter } from '../telemetry/count-signals.ts';
import type { Answer } from './answers.ts';

/** Counts the answers of one route. */
export interface AnswerReport {
  /** An answer to a request whose message was not read: no delivery counts it. */
  unread(answer: Answer): void;
  /** Every answer. */
  sent(answer: Answer): void;
}

export function countAnswers(
  { name, kind }: Pick<Source, 'name' | 'kind'>,
  counter: Pick<SignalCounter, 'refused' | 'unavailable' | 'lost'>,
): AnswerReport {
  return {
    unread(answer) {
      if (answer.outcome === 'refused') counter.refused(name, answer.because ?? answer.reason);
      if (answer.outcome === 'unavailable') counter.unavailable(name);
    },
    sent(answer) {
      // A message that was not taken does not come again from a sender that sends once. 408: the message was never read.
      const isTaken =
        answer.outcome !== 'unavailable' && !(answer.outcome === 'refused' && answer.reason === 'too_slow');
      if (!isTaken && sendsOnce(kind)) counter.lost(name);
    },
  };
}
