import type { Clock } from '../clock.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { forEver } from '../rules/rule.ts';
import type { Statement } from '../rules/statement.ts';

/** Seconds by which the clocks of an issuer's nodes may differ, unless it states another number. */
export const defaultIssuerSpreadSeconds = 1;

/**
 * The clock of a process that stamps `iat`. A cutoff at its own second is exact, however wrong that clock is, and needs no
 * skew: a login afterwards works.
 */
export class IssuerClock {
  readonly #clock: Clock;
  readonly #spreadSeconds: number;
  /** The greatest `iat` that this process can have stamped. */
  #latestSeconds = 0;

  constructor(clock: Clock, spreadSeconds: number) {
    this.#clock = clock;
    this.#spreadSeconds = spreadSeconds;
  }

  /** This process has stamped a token. After its clock was set back, a cutoff must still include that token. */
  stamped(iat: number): void {
    if (!(iat > 0 && iat <= forEver)) {
      throw new ConfigurationError('iat', `expected claim seconds since 1970, found ${String(iat)}`);
    }
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(iat));
  }

  /** A cutoff of now, as a cutoff by this clock. */
  state(statement: Statement): Statement {
    if (statement.kind !== 'cutoff' || statement.issuedUpTo !== 'now') return statement;
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(this.#clock.wallMs() / 1000));
    return { kind: 'cutoff', issuedUpTo: this.#latestSeconds + this.#spreadSeconds, clock: 'issuer' };
  }
}
