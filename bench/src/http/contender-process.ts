// One contender in a child process, because the load generator must not share its event loop.
import { answerParent } from '../answer-parent.ts';
import { cpuUs } from '../cpu.ts';
import { serveOrders } from '../serve-orders.ts';
import type { Setting } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';

answerParent(async (order) => {
  if (order === 'cpu') return { cpuUs: cpuUs() };
  const { name, setting } = order as { name: string; setting: Setting }; // sent by contender-run.ts only
  return { port: await serve(name, setting) };
});

async function serve(name: string, setting: Setting): Promise<number> {
  const contender = contenders.find((known) => known.name === name);
  if (contender === undefined) throw new Error(`unknown contender ${name}`);
  const middleware = await contender.prepare(setting);
  return await serveOrders(middleware);
}
