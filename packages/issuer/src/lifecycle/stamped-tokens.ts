import { ConfigurationError } from '@revocast/denylist';
import { type Clock, forEver } from '@revocast/denylist/replica';

/** The log refuses a cutoff that is further ahead of its clock. */
const mostAheadSeconds = 60;

/**
 * The greatest `iat` that this process can have stamped: after its clock is set back, a cutoff still includes those tokens. At
 * most as far ahead as the log takes it: one wrong clock must not hold every cutoff back, also that of the other tokens.
 */
export class StampedTokens {
  readonly #clock: Pick<Clock, 'wallMs'>;
  #latestSeconds = 0;

  readonly #mostAhead: number;

  /** @param spreadSeconds which every cutoff has on top. */
  constructor(clock: Pick<Clock, 'wallMs'>, spreadSeconds: number) {
    this.#clock = clock;
    this.#mostAhead = mostAheadSeconds - spreadSeconds;
  }

  /** @throws ConfigurationError for a number that is no claim seconds. */
  stamped(iat: number): void {
    if (!(iat > 0 && iat <= forEver)) {
      throw new ConfigurationError('issuedAt', `expected claim seconds since 1970, found ${Number(iat)}`);
    }
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(iat));
  }

  upToSeconds(): number {
    const nowSeconds = Math.floor(this.#clock.wallMs() / 1000);
    this.#latestSeconds = Math.max(this.#latestSeconds, nowSeconds);
    return Math.min(this.#latestSeconds, nowSeconds + this.#mostAhead);
  }
}
