import { describe, expect, it } from '@jest/globals';
import { alternate, inTurn } from '../../src/http/alternate.ts';

describe('turns', () => {
  it('rotate each time, and reverse every second time', () => {
    expect([0, 1, 2, 3].map((turn) => inTurn(['a', 'b', 'c'], turn).join(''))).toEqual(['abc', 'acb', 'cab', 'cba']);
  });

  it('of an empty list are empty', () => {
    expect(inTurn([], 3)).toEqual([]);
  });
});

describe('contenders that alternate', () => {
  it('are measured over all their turns after the rehearsals, with the CPU time only of these', async () => {
    const order: string[] = [];
    const runner = (name: string, cpuUsOfTurn: number) => {
      let cpuUs = 1_000_000;
      return {
        name,
        // Each reading takes CPU time outside the turns.
        cpuUs: async () => {
          cpuUs += 7;
          return cpuUs;
        },
        load: async (nextToken: () => string | undefined) => {
          order.push(`${name} ${nextToken()}`);
          const isRehearsal = nextToken() === 'turn 0';
          cpuUs += (isRehearsal ? 10 : 1) * cpuUsOfTurn - 7;
          return { answers: 100, seconds: 0.5 };
        },
      };
    };
    const supply = (turn: number) => () => `turn ${turn}`;
    const turns = { rehearsals: 1, turns: 2, supply, first: 0 };
    const readings = await alternate([runner('a', 1000), runner('b', 5000)], turns);
    expect(readings).toEqual([
      { contender: 'a', requestsPerSecond: 200, cpuUs: 10 },
      { contender: 'b', requestsPerSecond: 200, cpuUs: 50 },
    ]);
    expect(order).toEqual(['a turn 0', 'b turn 0', 'a turn 1', 'b turn 1', 'a turn 2', 'b turn 2']);
  });
});
