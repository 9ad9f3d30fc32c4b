import type { Clock } from '@revocast/denylist/replica';
import type { Reason } from '../errors.ts';
import type { Logger } from '../options/telemetry-options.ts';

const minuteMs = 60_000;

export interface RefusalLogParts {
  readonly logger: Pick<Logger, 'info'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Lines in any minute that begins with one. */
  readonly perMinute: number;
}

/** A request that was refused, or would have been. Nothing of its token. */
export interface LoggedRefusal {
  readonly reason: Reason;
  readonly issuerAlias: string;
  /** Nothing was refused: `dangerouslyReportOnly`. */
  readonly reportOnly: boolean;
}

/** Writes why requests are refused, a bounded number of lines a minute. The next line says how many were left out. */
export class RefusalLog {
  readonly #parts: RefusalLogParts;
  #minuteEndsAtMs = Number.NEGATIVE_INFINITY;
  #written = 0;
  #left = 0;

  constructor(parts: RefusalLogParts) {
    this.#parts = parts;
  }

  note({ reason, issuerAlias, reportOnly }: LoggedRefusal): void {
    const { logger, clock, perMinute } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs >= this.#minuteEndsAtMs) {
      this.#minuteEndsAtMs = nowMs + minuteMs;
      this.#written = 0;
    }
    if (this.#written >= perMinute) {
      this.#left += 1;
      return;
    }
    this.#written += 1;
    const more = this.#left === 0 ? '' : `; ${this.#left} more before this one were not logged`;
    this.#left = 0;
    const verb = reportOnly ? 'would be refused' : 'refused';
    try {
      logger.info(`revocast: request ${verb}: ${reason}, issuer ${issuerAlias}${more}`);
    } catch {
      // A logger that throws must not fail requests.
    }
  }
}
