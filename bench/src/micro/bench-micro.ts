import { startChild } from '../child.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import type { MicroOrder } from './micro-order.ts';

// `require` of a module is announced as an experiment on Node 20.
const nodeArgs = ['--expose-gc', '--disable-warning=ExperimentalWarning'];

/** The pieces of the two paths, without sockets between them. */
export async function benchMicro(orders: readonly MicroOrder[], progress: Progress): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const order of orders) {
    progress(`micro: ${order.what}${order.what === 'denylist' ? ` with ${order.rules} rules` : ''}`);
    const child = startChild(new URL('./micro-process.js', import.meta.url), nodeArgs);
    try {
      const said = await child.ask(order);
      figures.push(...(said['figures'] as Figure[])); // sent by micro-process.ts only
    } finally {
      child.end();
    }
  }
  return figures;
}
