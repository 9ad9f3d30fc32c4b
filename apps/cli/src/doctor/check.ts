/** `unknown`: the check was not possible. */
export type CheckStatus = 'ok' | 'warn' | 'fail' | 'unknown';

/** The result of one check. */
export interface Check {
  /** Stable, for scripts: `subject.property`. */
  readonly name: string;
  readonly status: CheckStatus;
  /** Contains no URL with credentials, no token and no claim. */
  readonly found: string;
  readonly expected: string;
  /** How to fix it. Absent when the status is `ok`. */
  readonly remedy?: string;
  /** It failed because a server did not answer. */
  readonly unreachable?: boolean;
}

/**
 * Declares a check.
 *
 * @param fix how to fix any other result than `ok`.
 * @returns a function that makes the result; `unreachable` is a failure without an answer.
 */
export function declareCheck(name: string, expected: string, fix: string) {
  return (status: CheckStatus | 'unreachable', found: string, remedy: string = fix): Check => ({
    name,
    status: status === 'unreachable' ? 'fail' : status,
    found,
    expected,
    remedy: status === 'ok' ? undefined : remedy,
    unreachable: status === 'unreachable' || undefined,
  });
}
