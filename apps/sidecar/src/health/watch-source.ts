import type { Clock, Misconfiguration, OpenedSource, SourceHealth } from '@revocast/denylist/replica';
import type { Logger } from 'pino';

/** What is known of how the source is set up. */
export interface SourceWatch {
  /** The latest look; undefined before the first, and for a source that has nothing to look at. */
  latest(): SourceHealth | undefined;
  /** What keeps this sidecar from becoming ready: unsafe since the first look, and never seen safe. */
  refusal(): Misconfiguration | undefined;
  close(): void;
}

export interface WatchSourceOptions {
  readonly source: Pick<OpenedSource, 'health'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** How long a setting may be wrong before it is seen. */
export const lookMs = 10_000;

/**
 * Looks at the source at once and then every ten seconds. Each complaint makes one line when it appears and one when it
 * is gone. An unreachable source is no complaint of ours: replication says so.
 */
export function watchSource({ source, clock, log }: WatchSourceOptions): SourceWatch {
  const stop = new AbortController();
  let latest: SourceHealth | undefined;
  let wasSafe = false;
  let told = new Map<string, Misconfiguration>();
  let toldUnknown = '';

  const tell = ({ misconfigurations, unknown }: SourceHealth) => {
    const now = new Map(misconfigurations.map((complaint) => [complaint.name, complaint]));
    for (const [name, { severity, found, remedy }] of now) {
      if (told.has(name)) continue;
      const line = { misconfiguration: name, found, remedy };
      if (severity === 'unsafe') log.error(line, 'the source is not safe');
      else log.warn(line, 'a complaint about the source');
    }
    for (const name of told.keys()) if (!now.has(name)) log.info({ misconfiguration: name }, 'fixed');
    told = now;
    if (unknown.join() !== toldUnknown && unknown.length > 0)
      log.info({ unknown }, 'the source hides part of its set-up');
    toldUnknown = unknown.join();
  };
  const run = async () => {
    while (source.health !== undefined && !stop.signal.aborted) {
      try {
        latest = await source.health();
        wasSafe ||= unsafe(latest) === undefined;
        if (!stop.signal.aborted) tell(latest);
      } catch {
        // Out of reach: what was seen last still stands.
      }
      await clock.sleep(lookMs, stop.signal);
    }
  };
  void run();

  return {
    latest: () => latest,
    refusal: () => (wasSafe || latest === undefined ? undefined : unsafe(latest)),
    close: () => stop.abort(),
  };
}

export function unsafe({ misconfigurations }: SourceHealth): Misconfiguration | undefined {
  return misconfigurations.find(({ severity }) => severity === 'unsafe');
}
