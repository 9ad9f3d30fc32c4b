import { ConfigurationError, LogError } from '@revocast/denylist';
import { FeedError, isNoAnswer } from '@revocast/denylist/replica';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** How a command failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** Stable, for scripts. */
  readonly code: string;
  /** For people. Contains no secret. */
  readonly message: string;
  /** A retry with this id does not apply the revocation twice. */
  readonly id?: string;
}

/** The command line, the environment or a named file is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @returns undefined for an unexpected error, which is a bug. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof UsageError || error instanceof ConfigurationError) {
    return { exitCode: exitCodes.usage, code: 'usage', message: error.message };
  }
  if (error instanceof LogError) {
    const { code, message, id } = error;
    return { exitCode: exitCodeOf(error), code, message, id };
  }
  if (error instanceof FeedError) {
    const { code, message } = error;
    return { exitCode: isNoAnswer(code) ? exitCodes.unreachable : exitCodes.problem, code, message };
  }
  return undefined;
}

/** A log that refused (out of memory, read-only, no permission) was reached. */
function exitCodeOf({ code, cause }: LogError): ExitCode {
  if (code === 'outcome_unknown') return exitCodes.unreachable;
  const answered = code !== 'unavailable' || (cause instanceof FeedError && !isNoAnswer(cause.code));
  return answered ? exitCodes.problem : exitCodes.unreachable;
}
