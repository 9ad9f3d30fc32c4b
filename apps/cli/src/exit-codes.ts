/** What a script may rely on. */
export const exitCodes = {
  /** Done, and nothing is wrong. */
  ok: 0,
  /** Something is wrong: a check failed, a revocation was refused or is not enforced everywhere. */
  problem: 1,
  /** The command line, the environment or a file named there is wrong. Nothing was sent. */
  usage: 2,
  /** What was to be asked cannot be reached, or gave no answer. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
