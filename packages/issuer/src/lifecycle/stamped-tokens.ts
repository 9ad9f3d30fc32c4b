import { ConfigurationError } from '@revocast/denylist';
import { type Clock, forEver } from '@revocast/denylist/replica';

/** The greatest `iat` that this process can have stamped: after its clock is set back, a cutoff still includes those tokens. */
export class StampedTokens {
  readonly #clock: Pick<Clock, 'wallMs'>;
  #latestSeconds = 0;

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock;
  }

  /** @throws ConfigurationError for a number that is no claim seconds. */
  stamped(iat: number): void {
    if (!(iat > 0 && iat <= forEver)) {
      throw new ConfigurationError('issuedAt', `expected claim seconds since 1970, found ${Number(iat)}`);
    }
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(iat));
  }

  upToSeconds(): number {
    this.#latestSeconds = Math.max(this.#latestSeconds, Math.floor(this.#clock.wallMs() / 1000));
    return this.#latestSeconds;
  }
}
