import { expect, it } from '@jest/globals';
import type { Temperature } from '../../src/http/contenders/contender.ts';
import { lineOf, type Series } from '../../src/http/series.ts';
import { goalFigures } from '../../src/http/throughput-goals.ts';

/** Two rounds, the second at half the speed. */
function series(temperature: Temperature, contender: string, perSecond: number, cpuUs: number): Series {
  const readings = [1, 2].map((slower) => ({
    contender,
    requestsPerSecond: perSecond / slower,
    cpuUs: cpuUs * slower,
  }));
  return { algorithm: 'ES256', temperature, contender, about: '', readings };
}

const all = [
  series('warm', 'bare', 1000, 20),
  series('warm', 'floor: read, SHA-256, Map, set', 900, 25),
  series('warm', 'fast-jwt + cache', 750, 40),
  series('warm', 'revocast', 850, 32),
  series('cold', 'bare', 1000, 20),
  series('cold', 'fast-jwt', 400, 80),
  series('cold', 'revocast', 500, 100),
];

it('computes shares of the bare route of the same temperature and round', () => {
  const lines = all.map((one) => lineOf(one, all));
  expect(lines.map(({ ofBare }) => ofBare.median)).toEqual([1, 0.9, 0.75, 0.85, 1, 0.4, 0.5]);
  expect(lines.map(({ cpuOfBare }) => cpuOfBare.median)).toEqual([1, 0.8, 0.5, 0.625, 1, 0.25, 0.2]);
});

it('compares Revocast with its floor and its peers, in points of both shares and in CPU time', () => {
  const texts = goalFigures(all).map(({ name, unit, value, goal }) => {
    const goalText = goal === undefined ? '' : JSON.stringify(goal);
    return `${name}: ${value.median.toFixed(1)} ${unit} ${goalText}`;
  });
  expect(texts).toEqual([
    'ES256, warm: revocast less floor: read, SHA-256, Map, set: -5.0 points {"atLeast":-3}',
    'ES256, warm: revocast less floor: read, SHA-256, Map, set: -17.5 points, CPU {"atLeast":-3}',
    'ES256, warm: revocast less fast-jwt + cache: 10.0 points {"atLeast":8}',
    'ES256, warm: revocast less fast-jwt + cache: 12.5 points, CPU {"atLeast":8}',
    'ES256, cold: revocast less fast-jwt: 10.0 points {"atLeast":0}',
    'ES256, cold: revocast less fast-jwt: -5.0 points, CPU {"atLeast":0}',
    'ES256, cold: revocast less fast-jwt: 30.0 us CPU a request {"atMost":0}',
  ]);
});

it('leaves out contenders that were not measured', () => {
  expect(goalFigures(all.filter(({ contender }) => contender === 'bare' || contender === 'revocast'))).toEqual([]);
});
