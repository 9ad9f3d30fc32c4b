/** The exit codes of the program. They are part of its public interface. */
export const exitCodes = {
  /** The command is done and found nothing wrong. */
  ok: 0,
  /** Something is wrong: a check failed, or a revocation was refused or is not enforced everywhere. */
  problem: 1,
  /** The command line, the environment or a named file is wrong. Nothing was sent. */
  usage: 2,
  /** A server could not be reached or did not answer. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
