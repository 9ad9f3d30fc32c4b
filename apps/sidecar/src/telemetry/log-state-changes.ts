import { errorCodeOf, fixForFeedError, type ReplicationObserver } from '@revocast/denylist/replica';
import type { Logger } from 'pino';

/** The part of a logger that is used here. */
export type StateLog = Pick<Logger, 'info' | 'warn'>;

/**
 * Tells a log what replication goes through: a line a change of state, never one an event or an attempt. A source that
 * is down for an hour makes one line, and one more when it fails in another way.
 */
export function logStateChanges(log: StateLog): ReplicationObserver {
  const connection = logFailureOnce(log, 'the source cannot be read, trying again');
  return {
    freshnessChanged({ state, cause }) {
      if (state === 'fresh') log.info({ state }, 'fresh');
      else log.warn({ state, cause }, 'not fresh');
    },
    gapFound(cause) {
      log.warn({ cause }, 'the history has a hole, taking a new snapshot');
    },
    epochChanged() {
      log.warn({}, 'the log began anew');
    },
    restartChanged(restartedAtSeconds) {
      if (restartedAtSeconds === undefined) {
        log.info({}, 'the restart of the log is over: nothing that counts is forgotten');
        return;
      }
      const restartedAt = new Date(restartedAtSeconds * 1000).toISOString();
      const remedy = 'if nothing was lost: revocast-sidecar init; else it ends when the tokens of before have expired';
      log.warn({ restartedAt, remedy }, 'log restarted: revocations from before may be forgotten');
    },
    reseeded(rules) {
      if (rules > 0) log.warn({ rules }, 'gave rules back that the log had lost');
    },
    connected({ epoch }) {
      connection.forget();
      log.info({ epoch }, 'connected to the source');
    },
    connectionFailed: connection,
  };
}

/** A function that tells a failure and its remedy when it differs from the last one; `forget` makes the next one new. */
export function logFailureOnce(log: StateLog, message: string): ((error: unknown) => void) & { forget(): void } {
  let told: string | undefined;
  const tell = (error: unknown) => {
    const code = codeOf(error);
    if (code === told) return;
    told = code;
    const remedy = fixForFeedError(code);
    log.warn({ code, remedy }, message);
  };
  const forget = () => {
    told = undefined;
  };
  return Object.assign(tell, { forget });
}

/** The stable code of an error; never its message, which may quote what was sent. */
export function codeOf(error: unknown): string {
  return errorCodeOf(error) ?? 'unexpected';
}
