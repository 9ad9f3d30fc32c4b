import type { Clock, Misconfiguration, OpenedSource, SourceHealth } from '@revocast/denylist/replica';
import type { Logger } from 'pino';

/** The settings of the source, as last read. */
export interface SourceWatch {
  /** The latest result. Undefined before the first one, and for a source without settings. */
  latest(): SourceHealth | undefined;
  /** The unsafe setting that keeps this sidecar unready. Undefined as soon as the source was safe once. */
  refusal(): Misconfiguration | undefined;
  close(): void;
}

interface WatchSourceOptions {
  readonly source: Pick<OpenedSource, 'health'>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Milliseconds between two reads of the settings. */
export const readMs = 10_000;

/**
 * Reads the settings of the source at once and then every ten seconds. Logs each misconfiguration when it appears and
 * when it is fixed. An unreachable source is not logged here: the replication reports it.
 */
export function watchSource({ source, clock, log }: WatchSourceOptions): SourceWatch {
  const stop = new AbortController();
  let latest: SourceHealth | undefined;
  let wasSafe = false;
  let logged: readonly string[] = [];
  let loggedUnknown = '';

  const logChanges = ({ misconfigurations, unknown }: SourceHealth) => {
    for (const { name, severity, found, remedy } of misconfigurations) {
      if (logged.includes(name)) continue;
      const line = { misconfiguration: name, found, remedy };
      if (severity === 'unsafe') log.error(line, 'the source is not safe');
      else log.warn(line, 'a setting of the source should be changed');
    }
    const names = misconfigurations.map(({ name }) => name);
    for (const name of logged) if (!names.includes(name)) log.info({ misconfiguration: name }, 'fixed');
    logged = names;
    if (unknown.join() !== loggedUnknown && unknown.length > 0)
      log.info({ unknown }, 'some settings of the source cannot be read');
    loggedUnknown = unknown.join();
  };
  const run = async () => {
    while (source.health !== undefined && !stop.signal.aborted) {
      try {
        latest = await source.health();
        wasSafe ||= findUnsafe(latest) === undefined;
        if (!stop.signal.aborted) logChanges(latest);
      } catch {
        // The source cannot be reached: the last result stays valid.
      }
      await clock.sleep(readMs, stop.signal);
    }
  };
  void run();

  return {
    latest: () => latest,
    refusal: () => (wasSafe || latest === undefined ? undefined : findUnsafe(latest)),
    close: () => stop.abort(),
  };
}

export function findUnsafe({ misconfigurations }: SourceHealth): Misconfiguration | undefined {
  return misconfigurations.find(({ severity }) => severity === 'unsafe');
}
