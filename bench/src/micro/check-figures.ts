import { type Denylist, type DigestSet, digestSetOf, dimensions } from '@revocast/denylist/replica';
import type { Figure } from '../report/figure.ts';
import { timeNs } from './timing.ts';

const unrelated = Uint32Array.of(1, 2, 3, 4);

/** Measures a check of nine dimensions with and without the cached result, and with and without hits of the CPU caches. */
export function checkFigures(denylist: Denylist, passes: number): Figure[] {
  const sets = Array.from({ length: 20_000 }, (_, index) =>
    digestSetOf(dimensions.map((dimension) => ({ dimension, issuer: 'https://issuer.test', value: `v${index}` }))),
  );
  const few = sets.slice(0, 20);
  const check = (used: readonly DigestSet[], times: number) => () => {
    for (let count = 0; count < times; count++) {
      for (const digests of used) denylist.denyingDimension(digests, 1, 2);
    }
  };
  // A check caches that it found nothing. Any change of the denylist invalidates this.
  let denialStamp = 1;
  const change = () => {
    denialStamp += 1;
    denylist.merge({ digest: unrelated, rule: { deniedUntil: 1, issuedUpTo: 0, denialStamp, liftedUpTo: 0 } }, 'take');
  };
  const probeFew = () => {
    change();
    check(few, 1)();
  };
  const unit = 'ns';
  return [
    {
      name: 'check of 9 dimensions, result cached',
      unit,
      value: timeNs({ operations: sets.length, passes, pass: check(sets, 1) }),
    },
    {
      name: 'check of 9 dimensions, 20 tokens in turn (probes hit the CPU caches)',
      unit,
      value: timeNs({
        operations: few.length * 500,
        passes,
        pass: () => {
          for (let count = 0; count < 500; count++) probeFew();
        },
      }),
    },
    {
      name: 'check of 9 dimensions, 20000 tokens in turn (probes miss the CPU caches)',
      unit,
      value: timeNs({ operations: sets.length, passes, before: change, pass: check(sets, 1) }),
    },
  ];
}
