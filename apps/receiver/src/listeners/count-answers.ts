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
    sent({ outcome }) {
      // What is answered 429 or 503 to a sender that sends once does not come again.
      if (outcome === 'unavailable' && sendsOnce(kind)) counter.lost(name);
    },
  };
}
