import type { Runner } from './runners.ts';
import type { NextToken } from './token-supply.ts';

/** The result of one contender in one round. */
export interface Reading {
  readonly contender: string;
  readonly requestsPerSecond: number;
  /** CPU time of its process, all threads, in microseconds a request. */
  readonly cpuUs: number;
}

export interface Turns {
  /**
   * Number of turns of each runner before its first one that counts: after a start, the first turns cost up to a third more
   * (docs/performance.md), also after a long warm-up.
   */
  readonly rehearsals: number;
  /** Number of turns of each runner that count. */
  readonly turns: number;
  /** The tokens of a turn. The turns are numbered from 0, rehearsals included. */
  readonly supply: (turn: number) => NextToken;
  /** Index of the runner with the first turn. */
  readonly first: number;
}

/** Runs the runners in several short turns each, so that a slow second of the machine affects all of them. */
export async function alternate(
  runners: readonly Runner[],
  { rehearsals, turns, supply, first }: Turns,
): Promise<Reading[]> {
  const totals = runners.map((runner) => ({ runner, answers: 0, seconds: 0, cpuUs: 0 }));
  for (let turn = 0; turn < rehearsals + turns; turn++) {
    for (const total of inTurn(totals, first + turn)) {
      const before = await total.runner.cpuUs();
      const { answers, seconds } = await total.runner.load(supply(turn));
      if (turn < rehearsals) continue;
      total.cpuUs += (await total.runner.cpuUs()) - before;
      total.answers += answers;
      total.seconds += seconds;
    }
  }
  return totals.map(({ runner, answers, seconds, cpuUs }) => ({
    contender: runner.name,
    requestsPerSecond: answers / seconds,
    cpuUs: cpuUs / answers,
  }));
}

/** Rotates the order in each turn and reverses it in every second one, so that no item always follows the same one. */
export function inTurn<Item>(items: readonly Item[], turn: number): readonly Item[] {
  const from = turn % Math.max(1, items.length);
  const rotated = [...items.slice(from), ...items.slice(0, from)];
  return turn % 2 === 0 ? rotated : rotated.toReversed();
}
