import {
  type Clock,
  closeClasses,
  namelessClass,
  type OpenedSource,
  type Replica,
  type UsageFigures,
  type UsageReport,
  unlistedClass,
} from '@revocast/denylist/replica';
import type { FailureLog } from './log-state-changes.ts';

/** The usage figures of the API processes. */
export interface UsageCount {
  /** Adds a report to the store of the source. @throws the error of the store, so that the reporting process retries. */
  count(report: UsageReport): Promise<void>;
  /** The latest figures. Undefined before the first report, after a failed read, and in a relay. */
  latest(): UsageFigures | undefined;
  close(): void;
}

interface CountUsageOptions {
  readonly usage: NonNullable<OpenedSource['usage']>;
  readonly replica: { readonly logClock: Pick<Replica['logClock'], 'nowMs'> };
  readonly clock: Clock;
  readonly clientClasses: readonly string[];
  readonly onFailure: FailureLog;
}

/** Milliseconds between two reads of the figures: the largest age of a figure in a scrape. */
export const usageReadMs = 10_000;

/**
 * Adds reports to the store. The first report also starts the periodic read of the figures of all processes. A failure
 * is logged, and the next report or read tries again.
 */
export function countUsage({ usage, replica, clock, clientClasses, onFailure }: CountUsageOptions): UsageCount {
  const stop = new AbortController();
  const counted = [...clientClasses, unlistedClass, namelessClass];
  // The clock of the log decides the day, so that all sidecars count for the same one.
  const nowMs = () => replica.logClock.nowMs() ?? clock.wallMs();
  let latest: UsageFigures | undefined;
  let isReading = false;

  const readFigures = async () => {
    while (usage.read !== undefined && !stop.signal.aborted) {
      try {
        latest = await usage.read(counted, nowMs());
      } catch (error) {
        // A figure that cannot be read has no sample: an old figure would look current.
        latest = undefined;
        if (!stop.signal.aborted) onFailure(error);
      }
      await clock.sleep(usageReadMs, stop.signal);
    }
  };

  return {
    async count(report) {
      try {
        // A relay passes reports on as they are: only the sidecar that follows the log has the configured classes.
        await usage.add(usage.read === undefined ? report : closeClasses(report, clientClasses), nowMs());
        onFailure.forget();
      } catch (error) {
        onFailure(error);
        throw error;
      }
      if (!isReading) void readFigures();
      isReading = true;
    },
    latest: () => latest,
    close: () => stop.abort(),
  };
}
