import type { Denylist } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { timeNs } from './timing.ts';

const inserts = 10_000;

/** Measures the insertion of a rule into a denylist with many rules. The inserted rules stay in the denylist. */
export function insertFigures(denylist: Denylist, passes: number): Figure[] {
  const word = () => Math.floor(Math.random() * 2 ** 32);
  const rule = { deniedUntil: 0xffff_ffff, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 };
  let changes: { digest: Uint32Array; rule: typeof rule }[] = [];
  const value = timeNs({
    operations: inserts,
    passes,
    before: () => {
      changes = Array.from({ length: inserts }, () => ({
        digest: Uint32Array.of(word(), word(), word(), word()),
        rule,
      }));
    },
    pass: () => {
      for (const change of changes) denylist.merge(change, 'take');
    },
  });
  return [{ name: 'insert of one change', unit: 'ns', value }];
}
