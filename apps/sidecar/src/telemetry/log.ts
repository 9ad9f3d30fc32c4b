import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from '../config/schema.ts';

interface LogOptions {
  readonly level: Config['logLevel'];
  /** Default: standard output, written synchronously, so that the last line before an exit is not lost. */
  readonly destination?: DestinationStream;
}

/**
 * Writes JSON lines that contain codes, counts and addresses only. Never log an error object: its message or properties
 * may contain a URL with credentials.
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
