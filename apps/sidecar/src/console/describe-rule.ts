import { denies, forEver, type Rule } from '@revocast/denylist/replica';
import { formatTime } from './render/format.ts';

/** What one rule means now, in words instead of its four numbers. */
export interface RuleMeaning {
  /** It denies every token that carries the value, whenever issued. */
  readonly deniesAll: boolean;
  /** Claim seconds: tokens issued up to then are denied. 0: none. */
  readonly issuedUpTo: number;
  readonly words: readonly string[];
}

/** @param nowSeconds claim seconds. */
export function describeRule(rule: Rule, nowSeconds: number): RuleMeaning {
  const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = rule;
  // No token is issued that late, so what remains is the denial.
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
