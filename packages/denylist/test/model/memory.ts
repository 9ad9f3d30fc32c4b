import { digestToHex } from '../../src/rules/digest.ts';
import type { Change } from '../../src/rules/event.ts';
import { emptyRule, type Rule } from '../../src/rules/rule.ts';

/** The largest of each number that a holder has ever held. It must not lose them while it lives. */
export class Memory {
  readonly #rules = new Map<string, Rule>();

  keep({ digest, rule }: Pick<Change, 'digest' | 'rule'>): void {
    const key = digestToHex(digest);
    this.#rules.set(key, larger(this.of(key), rule));
  }

  of(key: string): Rule {
    return this.#rules.get(key) ?? emptyRule;
  }
}

export function larger(a: Rule, b: Rule): Rule {
  return {
    deniedUntil: Math.max(a.deniedUntil, b.deniedUntil),
    issuedUpTo: Math.max(a.issuedUpTo, b.issuedUpTo),
    denialStamp: Math.max(a.denialStamp, b.denialStamp),
    liftedUpTo: Math.max(a.liftedUpTo, b.liftedUpTo),
  };
}
