// Each measurement runs in its own process, so that the heap of one does not affect the next.
import { Denylist } from '@revocast/denylist/replica';
import { answerParent } from '../answer-parent.ts';
import type { Figure } from '../report/figure.ts';
import { randomRows } from '../rules/random-rows.ts';
import { cacheFigures } from './cache-figures.ts';
import { checkFigures } from './check-figures.ts';
import { codecFigures } from './codec-figures.ts';
import { insertFigures } from './insert-figures.ts';
import { loadFigures } from './load-figures.ts';
import type { MicroOrder } from './micro-order.ts';
import { snapshotFigures } from './snapshot-figures.ts';
import { sweepFigures } from './sweep-figures.ts';
import { verifyFigures } from './verify-figures.ts';

answerParent(async (order) => ({ figures: await measure(order as MicroOrder) })); // sent by bench-micro.ts only

async function measure(order: MicroOrder): Promise<Figure[]> {
  if (order.what === 'denylist') return await denylistFigures(order);
  if (order.what === 'sweep') return await sweepFigures(order);
  if (order.what === 'verify') return await verifyFigures(order);
  return [...codecFigures(order.passes), ...cacheFigures(order.passes)];
}

async function denylistFigures({ rules, passes }: { rules: number; passes: number }): Promise<Figure[]> {
  const rows = randomRows(rules);
  // Three passes show the spread. More passes with ten million rules would take minutes.
  const few = Math.min(passes, 3);
  const loads = loadFigures(rows, few);
  const denylist = new Denylist({ maxRules: 20_000_000 });
  denylist.mergeRows(rows.slice(), 'take');
  return [
    ...loads,
    ...checkFigures(denylist, passes),
    ...(await snapshotFigures(denylist, few)),
    ...insertFigures(denylist, passes),
  ].map((figure) => ({ ...figure, name: `${rules} rules: ${figure.name}` }));
}
