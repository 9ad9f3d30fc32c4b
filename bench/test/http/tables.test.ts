import { expect, it } from '@jest/globals';
import { sizeTable, throughputTables } from '../../src/http/tables.ts';

const once = (median: number) => ({ median, spread: 0, rounds: 1 });

it('draws one table for each algorithm and temperature', () => {
  const figures = { requestsPerSecond: once(9000), ofBare: once(1), cpuUs: once(25), cpuOfBare: once(1) };
  const line = { contender: 'bare', about: 'the route alone', algorithm: 'ES256', ...figures } as const;
  const lines = throughputTables(
    [
      { ...line, temperature: 'warm' },
      {
        ...line,
        temperature: 'warm',
        contender: 'revocast',
        ofBare: once(0.905),
        cpuUs: once(31.25),
        cpuOfBare: once(0.801),
      },
      { ...line, temperature: 'cold' },
    ],
    'v24.1.0',
  );
  expect(lines.filter((text) => text.startsWith('http: ')).map((text) => text.slice(0, 31))).toEqual([
    'http: ES256, warm, Node v24.1.0',
    'http: ES256, cold, Node v24.1.0',
  ]);
  const revocast = lines.find((text) => text.includes('revocast'));
  expect(revocast).toContain('90.5 %');
  expect(revocast).toContain(' 31.3 ');
  expect(revocast).toContain('80.1 %');
  expect(revocast).toContain(` ${'█'.repeat(36)} `);
});

it('shows the goal only for ten million rules', () => {
  const lines = sizeTable(
    [
      { rules: 1_000_000, requestsPerSecond: once(1), ofReference: once(0.9) },
      { rules: 10_000_000, requestsPerSecond: once(1), ofReference: once(0.9) },
    ],
    10_000,
  );
  expect(lines.filter((line) => line.includes('missed'))).toEqual([expect.stringContaining('10000000')]);
});
