import { expect, it } from '@jest/globals';
import type { Temperature } from '../../src/http/contenders/contender.ts';
import { lineOf, type Series } from '../../src/http/series.ts';
import { goalFigures } from '../../src/http/throughput-goals.ts';

/** Two rounds, the second on a machine that is half as fast. */
function series(temperature: Temperature, contender: string, rates: [number, number], cpuUs = 100): Series {
  const readings = rates.map((requestsPerSecond) => ({ contender, requestsPerSecond, cpuUs }));
  return { algorithm: 'ES256', temperature, contender, about: '', readings };
}

const all = [
  series('warm', 'bare', [1000, 500]),
  series('warm', 'floor: read, SHA-256, Map, set', [900, 450]),
  series('warm', 'fast-jwt + cache', [750, 375]),
  series('warm', 'revocast', [850, 425]),
  series('cold', 'bare', [1000, 1000]),
  series('cold', 'fast-jwt', [400, 400], 240),
  series('cold', 'revocast', [500, 500], 250),
];

it('takes shares of the bare route of the same temperature and round', () => {
  expect(all.map((one) => lineOf(one, all).ofBare.median)).toEqual([1, 0.9, 0.75, 0.85, 1, 0.4, 0.5]);
});

it('holds the product to its floor and its peers, in points of share and in CPU', () => {
  const [floor, cached, cold, cpu, ...more] = goalFigures(all).map(({ name, value, goal }) => ({
    name,
    median: Number(value.median.toFixed(6)),
    goal,
  }));
  expect(floor).toEqual({
    name: 'ES256, warm: revocast less floor: read, SHA-256, Map, set',
    median: -5,
    goal: { atLeast: -3 },
  });
  expect(cached).toMatchObject({ median: 10, goal: { atLeast: 8 } });
  expect(cold).toMatchObject({ name: 'ES256, cold: revocast less fast-jwt', median: 10, goal: { atLeast: 0 } });
  expect(cpu).toMatchObject({ median: 10, goal: { atMost: 0 } });
  expect(more).toEqual([]);
});

it('leaves out what was not measured beside the product', () => {
  expect(goalFigures(all.filter(({ contender }) => contender === 'bare' || contender === 'revocast'))).toEqual([]);
});
