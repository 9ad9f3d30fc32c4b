import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/schema.ts';

export interface LogOptions {
  readonly level: Config['logLevel'];
  /** Default: standard output, written at once, so that the last line before an exit is not lost. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON line a state change, to standard output.
 *
 * Lines are made from codes, counts and addresses only. An error is never handed to it whole: its message or its
 * properties may carry a URL with credentials.
 */
export function openLog({ level, destination = pino.destination({ fd: 1, sync: true }) }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { component: 'sidecar' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
