import { LogError, type Publisher } from '@revocast/denylist';
import { type Clock, digestSetOf, type LookUp, valueOfTarget } from '@revocast/denylist/replica';
import type { Logger } from 'pino';

const everyMs = 10_000;
/** No rule has it: only whether there is an answer counts. */
const question = digestSetOf([valueOfTarget({ issuer: 'urn:revocast:probe', subject: 'probe' })]);

type Writes = Pick<Publisher, 'revoke' | 'lift'>;

/** Whether the log answers this receiver, by its last write or look-up. A change is logged. */
export class LogHealth {
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  #isReachable = true;

  constructor(log: Pick<Logger, 'info' | 'warn'>) {
    this.#log = log;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  note(isReachable: boolean): void {
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    if (isReachable) this.#log.info({}, 'the log answers again');
    else this.#log.warn({}, 'the log does not answer: messages wait in the spool, or are answered 503 without one');
  }

  /** The same writes, whose results are noted. */
  watch(publisher: Writes): Writes {
    return {
      revoke: (revocation, options) => this.#noted(publisher.revoke(revocation, options)),
      lift: (target, options) => this.#noted(publisher.lift(target, options)),
    };
  }

  async #noted<Result>(write: Promise<Result>): Promise<Result> {
    try {
      const result = await write;
      this.note(true);
      return result;
    } catch (error) {
      // Any other code is an answer of the log.
      if (error instanceof LogError) this.note(error.code !== 'unavailable' && error.code !== 'outcome_unknown');
      throw error;
    }
  }
}

interface ProbePorts {
  readonly health: LogHealth;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks the log at once and every 10 s until the signal: a receiver that gets no message must also report a log that is down. */
export async function probeLog(lookUp: LookUp, { health, clock, signal }: ProbePorts): Promise<void> {
  while (!signal.aborted) {
    const answer = await lookUp.find(question, 0);
    if (signal.aborted) return;
    const cause = answer.verdict === 'unknown' ? answer.cause : undefined;
    // Other causes are read from the log.
    if (cause !== 'lookup_busy') health.note(cause !== 'lookup_timeout' && cause !== 'lookup_failed');
    await clock.sleep(everyMs, signal);
  }
}
