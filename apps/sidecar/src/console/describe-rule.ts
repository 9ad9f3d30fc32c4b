import { denies, forEver, type Rule } from '@revocast/denylist/replica';
import { formatTime } from './render/format.ts';

/** The current meaning of one rule, in words instead of its four numbers. */
export interface RuleMeaning {
  /** The rule denies every token with the value, whatever its `iat`. */
  readonly deniesAll: boolean;
  /** Claim seconds: tokens with `iat` up to this time are denied. 0: none. */
  readonly issuedUpTo: number;
  readonly words: readonly string[];
}

/** @param nowSeconds claim seconds. */
export function describeRule(rule: Rule, nowSeconds: number): RuleMeaning {
  const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = rule;
  // A cutoff never covers an infinite `iat`, so the result is that of the denial alone.
  const deniesAll = denies(rule, Number.POSITIVE_INFINITY, nowSeconds);
  const words: string[] = [];
  if (deniesAll && deniedUntil === forEver) words.push('Denies every token until a lift (a block).');
  else if (deniesAll) words.push(`Denies every token until ${time(deniedUntil)}.`);
  else if (liftedUpTo > 0 && denialStamp <= liftedUpTo)
    words.push('A denial was lifted, and denies no token any more.');
  else if (deniedUntil > 0) words.push(`A denial has ended on ${time(deniedUntil)}.`);
  if (issuedUpTo > 0) words.push(`Denies tokens issued up to ${time(issuedUpTo)} (a cutoff); a new login works.`);
  return { deniesAll, issuedUpTo, words };
}

function time(seconds: number): string {
  return formatTime(seconds * 1000);
}
