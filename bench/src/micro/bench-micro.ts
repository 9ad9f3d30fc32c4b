import { startChild } from '../child.ts';
import type { Progress } from '../progress.ts';
import type { Figure } from '../report/figure.ts';
import type { MicroOrder } from './micro-order.ts';

// Node 20 prints a warning for `require` of an ES module.
const nodeArgs = ['--expose-gc', '--disable-warning=ExperimentalWarning'];

/** Measures parts of the request path and of replication without sockets. */
export async function benchMicro(orders: readonly MicroOrder[], progress: Progress): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const order of orders) {
    progress(`micro: ${order.what}${order.what === 'denylist' ? ` with ${order.rules} rules` : ''}`);
    figures.push(...(await inProcess(order)));
  }
  return figures;
}

async function inProcess(order: MicroOrder): Promise<Figure[]> {
  const child = startChild(new URL('./micro-process.js', import.meta.url), nodeArgs);
  try {
    const { figures } = await child.ask(order);
    return figures as Figure[]; // sent by micro-process.ts only
  } finally {
    child.end();
  }
}
