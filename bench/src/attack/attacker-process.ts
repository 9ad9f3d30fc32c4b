// The attacker: a process of its own, which sends one kind of traffic at a time.
import { answerParent } from '../answer-parent.ts';
import type { AttackerOrder } from './attacker.ts';
import { attacks } from './attacks/index.ts';
import { runRequests } from './load/run-requests.ts';
import { runSockets } from './load/run-sockets.ts';

answerParent(async (order) => ({ statuses: await send(order as AttackerOrder) })); // sent by attacker.ts only

async function send({ name, isGood, context, seconds }: AttackerOrder) {
  const attack = attacks.find((known) => known.name === name);
  if (attack === undefined) throw new Error(`unknown attack ${name}`);
  const { way, perSecond, target } = attack;
  const bytes = attack.bad(context, 0).length;
  const text = (index: number) => (isGood ? attack.good(context, index, bytes) : attack.bad(context, index));
  const traffic = { port: context.ports[target], perSecond, amount: Math.ceil(perSecond * seconds), text };
  if (way === 'requests') return (await runRequests(traffic)).statuses;
  return await runSockets(traffic, way === 'stalled' && !isGood);
}
