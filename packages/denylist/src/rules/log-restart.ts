import { type Digest, digestOf } from './digest.ts';
import { emptyRule, type Rule } from './rule.ts';

/**
 * The digest under which a log that began empty records its restart: revocations stated before it may have been lost. No
 * token has this digest. Its rule is stored, sent and re-seeded like any other:
 *
 * `denialStamp`: when the log began. `deniedUntil`: when every token issued before has expired, which ends the restart.
 * `liftedUpTo`: set by a sidecar that held everything and has re-seeded it, or by an operator who states that nothing
 * was lost.
 */
export const restartDigest: Digest = digestOf({ dimension: 'restart', issuer: '', value: '' });

/** When the log began, in log seconds, while revocations stated before may be lost; then undefined. */
export function restartInForce(rule: Rule | undefined, nowSeconds: number): number | undefined {
  if (rule === undefined || rule.denialStamp <= rule.liftedUpTo || nowSeconds >= rule.deniedUntil) return undefined;
  return rule.denialStamp;
}

/** The rule that ends this restart and no later one: a later one has a later stamp. */
export function endOfRestart({ denialStamp }: Rule): Rule {
  return { ...emptyRule, liftedUpTo: denialStamp };
}
