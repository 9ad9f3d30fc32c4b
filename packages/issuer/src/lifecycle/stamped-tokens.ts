import { ConfigurationError } from '@revocast/denylist';
import { type Clock, forEver } from '@revocast/denylist/replica';

/** The log refuses a cutoff that is further ahead of its clock. */
const mostAheadSeconds = 60;

interface StampedTokensOptions {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Which every cutoff has on top. */
  readonly spreadSeconds: number;
  /** An `iat` is further ahead than a cutoff of now can be. */
  readonly stampedAhead: () => void;
}

/**
 * The greatest `iat` that this process can have stamped: after its clock is set back, a cutoff still includes those tokens. At
 * most as far ahead as the log takes it: one wrong clock must not hold every cutoff back, also that of the other tokens.
 */
export class StampedTokens {
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #mostAhead: number;
  readonly #stampedAhead: () => void;
  #latestSeconds = 0;

  constructor({ clock, spreadSeconds, stampedAhead }: StampedTokensOptions) {
    this.#clock = clock;
    this.#mostAhead = mostAheadSeconds - spreadSeconds;
    this.#stampedAhead = stampedAhead;
  }

  /** @throws ConfigurationError for a number that is no claim seconds. */
  stamped(iat: number): void {
    if (!(iat > 0 && iat <= forEver)) {
      throw new ConfigurationError('issuedAt', `expected claim seconds since 1970, found ${Number(iat)}`);
    }
    if (iat > this.#nowSeconds() + this.#mostAhead) this.#stampedAhead();
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(iat));
  }

  upToSeconds(): number {
    const nowSeconds = this.#nowSeconds();
    this.#latestSeconds = Math.max(this.#latestSeconds, nowSeconds);
    return Math.min(this.#latestSeconds, nowSeconds + this.#mostAhead);
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.wallMs() / 1000);
  }
}
