import type { KeySourceObserver } from '@revocast/middleware/keys';
import type { Logger } from 'pino';

/** Logs the first failure to fetch the keys of a source, and the next one of another kind. */
export function logKeyFailures(log: Pick<Logger, 'info' | 'warn'>): (source: string) => KeySourceObserver {
  return (source) => {
    let logged: string | undefined;
    return {
      keySetFailed({ code, url, detail }) {
        if (code === logged) return;
        logged = code;
        log.warn({ source, code, url, detail }, 'the keys of a source cannot be fetched, trying again');
      },
      keysHeld(keys) {
        logged = undefined;
        log.info({ source, keys }, 'loaded the keys of a source');
      },
    };
  };
}
