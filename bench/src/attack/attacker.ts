import { type Child, startChild } from '../child.ts';
import { readMessage } from '../message.ts';
import type { AttackContext } from './attack.ts';
import type { Statuses } from './load/traffic.ts';

export interface AttackerOrder {
  /** Name of the attack. */
  readonly name: string;
  /** Sends the good requests of the attack. */
  readonly isGood: boolean;
  readonly context: AttackContext;
  readonly seconds: number;
}

export function startAttacker(): Child {
  return startChild(new URL('./attacker-process.js', import.meta.url));
}

export async function sendFrom(attacker: Child, order: AttackerOrder): Promise<Statuses> {
  const statuses = readMessage((await attacker.ask(order))['statuses']);
  return Object.fromEntries(Object.entries(statuses).map(([status, count]) => [status, Number(count)]));
}
