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

/** What is known of how the APIs are used. */
export interface UsageCount {
  /** Counts what a process reports, or hands it on. @throws what it failed with: the process is told. */
  count(report: UsageReport): Promise<void>;
  /** The latest figures; undefined until somebody has reported, and for a relay, whose upper sidecar has them. */
  latest(): UsageFigures | undefined;
  close(): void;
}

export interface CountUsageOptions {
  readonly usage: NonNullable<OpenedSource['usage']>;
  readonly replica: { readonly logClock: Pick<Replica['logClock'], 'nowMs'> };
  readonly clock: Clock;
  readonly clientClasses: readonly string[];
  readonly onFailure: ((error: unknown) => void) & { forget(): void };
}

/** How old the figures of a scrape may be. */
export const usageReadMs = 10_000;

/** Counts reports, and from the first one on reads the figures of the fleet. A failure is told, and mends itself. */
export function countUsage({ usage, replica, clock, clientClasses, onFailure }: CountUsageOptions): UsageCount {
  const stop = new AbortController();
  const counted = [...clientClasses, unlistedClass, namelessClass];
  // All sidecars count for the same day: that of the log.
  const nowMs = () => replica.logClock.nowMs() ?? clock.wallMs();
  let latest: UsageFigures | undefined;
  let isReading = false;

  const readFigures = async () => {
    while (usage.read !== undefined && !stop.signal.aborted) {
      try {
        latest = await usage.read(counted, nowMs());
      } catch (error) {
        // A figure that is not known any more has no sample.
        latest = undefined;
        if (!stop.signal.aborted) onFailure(error);
      }
      await clock.sleep(usageReadMs, stop.signal);
    }
  };

  return {
    async count(report) {
      try {
        // A relay does not know which classes the fleet has; the sidecar above it does.
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
