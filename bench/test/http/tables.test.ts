import { expect, it } from '@jest/globals';
import { sizeTable, throughputTables } from '../../src/http/tables.ts';

const once = (median: number) => ({ median, spread: 0, rounds: 1 });

it('draws one table for each algorithm and temperature', () => {
  const line = { contender: 'bare', about: 'the route alone', requestsPerSecond: once(9000), ofBare: once(1) };
  const lines = throughputTables([
    { ...line, algorithm: 'ES256', temperature: 'warm' },
    { ...line, algorithm: 'ES256', temperature: 'warm', contender: 'revocast', ofBare: once(0.905) },
    { ...line, algorithm: 'ES256', temperature: 'cold' },
  ]);
  expect(lines.filter((text) => text.startsWith('http: ')).map((text) => text.slice(0, 17))).toEqual([
    'http: ES256, warm',
    'http: ES256, cold',
  ]);
  const revocast = lines.find((text) => text.includes('revocast'));
  expect(revocast).toContain('90.5 %');
  expect(revocast).toContain(` ${'█'.repeat(36)} `);
});

it('holds ten million rules, and no other size, to the goal', () => {
  const lines = sizeTable(
    [
      { rules: 1_000_000, requestsPerSecond: once(1), ofReference: once(0.9) },
      { rules: 10_000_000, requestsPerSecond: once(1), ofReference: once(0.9) },
    ],
    10_000,
  );
  expect(lines.filter((line) => line.includes('missed'))).toEqual([expect.stringContaining('10000000')]);
});
