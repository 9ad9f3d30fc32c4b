import { type Digest, reservedDigest } from './digest.ts';
import { emptyRule, type Rule } from './rule.ts';

/**
 * Under which a log that began empty says so: what it held before, if it held anything, may be forgotten. The rule is
 * one like any other, so it travels and is given back as they do; no token has this digest.
 *
 * `stamp`: when the log began. `deniedUntil`: when every token issued before has expired, and the restart with it.
 * `lifted`: somebody who held everything has given it back, or an operator has said that nothing was lost.
 */
export const restartDigest: Digest = reservedDigest('restart');

export function isRestart(digest: Digest): boolean {
  return digest.every((word, index) => word === restartDigest[index]);
}

/** Log seconds at which the log began, as long as what was revoked before may be forgotten. */
export function restartInForce(rule: Rule | undefined, nowSeconds: number): number | undefined {
  if (rule === undefined || rule.denialStamp <= rule.liftedUpTo || nowSeconds >= rule.deniedUntil) return undefined;
  return rule.denialStamp;
}

/** Ends the restart that was seen and no later one, which has a later stamp. */
export function endOfRestart({ denialStamp }: Rule): Rule {
  return { ...emptyRule, liftedUpTo: denialStamp };
}
