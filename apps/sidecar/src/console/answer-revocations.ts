import type { AppliedRevocation, RevocationHistory } from './revocation-history.ts';

/**
 * The answer of `/console/revocations`: what this sidecar received while it followed its source, at most the last 1000. A
 * revocation that came with a snapshot has no time and is not among them.
 */
export interface RevocationsAnswer {
  /** Oldest first. */
  readonly revocations: readonly AppliedRevocation[];
}

/** @param since Unix milliseconds of the clock of the log; null: all. @returns an error text if it is invalid. */
export function answerRevocations(
  since: string | null,
  history: Pick<RevocationHistory, 'recent'>,
): RevocationsAnswer | string {
  const sinceMs = since === null ? 0 : /^\d{1,15}$/.test(since) ? Number(since) : undefined;
  if (sinceMs === undefined) return 'expected since=, a time in Unix milliseconds';
  return { revocations: history.recent().filter(({ loggedAtMs }) => loggedAtMs >= sinceMs) };
}
