import { errorCodeOf, fixForFeedError, type ReplicationObserver } from '@revocast/denylist/replica';
import type { Logger } from 'pino';

type StateLog = Pick<Logger, 'info' | 'warn'>;
export type FailureLog = ((error: unknown) => void) & { forget(): void };

/**
 * Logs each change of state of the replication, never each event or attempt. A source that is down for an hour makes one
 * line, and one more for each other error code.
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
    logIdentified(identity, before) {
      if (before === undefined) return;
      const remedy = 'check which Redis the source names; this sidecar writes no lost rules back until it is restarted';
      log.warn({ identity, before, remedy }, 'the source is another log than before');
    },
    lossProven() {
      const remedy = 'see "Redis restored from a backup" in docs/redis.md';
      log.warn({ remedy }, 'the log lacks an entry that this sidecar remembers: it is older than that');
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

/**
 * Returns a function that logs an error's code and remedy, unless the last logged error has the same code. After
 * `forget()` the next error is logged in any case.
 */
export function logFailureOnce(log: StateLog, message: string): FailureLog {
  let logged: string | undefined;
  const report = (error: unknown) => {
    const code = codeOf(error);
    if (code === logged) return;
    logged = code;
    log.warn({ code, remedy: fixForFeedError(code) }, message);
  };
  const forget = () => {
    logged = undefined;
  };
  return Object.assign(report, { forget });
}

/** The stable code of an error. Its message is never logged: it may quote a URL or a command. */
export function codeOf(error: unknown): string {
  return errorCodeOf(error) ?? 'unexpected';
}
