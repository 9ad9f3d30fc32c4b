import { type DestinationStream, type Logger, pino } from 'pino';

export const logLevels = ['info', 'warn', 'error', 'silent'] as const;

export interface LogOptions {
  /** The program, in every line. Default `sidecar`. */
  readonly component?: string | undefined;
  readonly level: (typeof logLevels)[number];
  /** Default: standard output, written synchronously, so that the last line before an exit is not lost. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * Writes JSON lines that contain codes, counts and addresses only. Never log an error object: its message or properties
 * may contain a URL with credentials.
 */
export function openLog({
  component = 'sidecar',
  level,
  destination = pino.destination({ fd: 1, sync: true }),
}: LogOptions): Logger {
  return pino(
    {
      level,
      base: { component },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
