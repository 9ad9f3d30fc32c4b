import { ConfigurationError, LogError } from '@revocast/denylist';
import { FeedError, isNoAnswer } from '@revocast/denylist/replica';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** How a command ended that did not do what it was asked. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** Stable, for scripts. */
  readonly code: string;
  /** For people; no secret. */
  readonly message: string;
  /** The id under which a revocation may be sent again without applying twice. */
  readonly id?: string;
}

/** A mistake of the operator's that the options themselves could not show. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @returns undefined for an error that nobody foresaw. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, code: 'usage', message: error.message };
  if (error instanceof ConfigurationError) {
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

/** A log that answered "no" was reached: out of memory, read-only, without rights. */
function exitCodeOf({ code, cause }: LogError): ExitCode {
  if (code === 'outcome_unknown') return exitCodes.unreachable;
  if (code !== 'unavailable') return exitCodes.problem;
  return cause instanceof FeedError && !isNoAnswer(cause.code) ? exitCodes.problem : exitCodes.unreachable;
}
