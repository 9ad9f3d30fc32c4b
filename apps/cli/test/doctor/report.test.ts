import { describe, expect, it } from '@jest/globals';
import { declareCheck } from '../../src/doctor/check.ts';
import { formatReport } from '../../src/doctor/report.ts';
import { testWorld } from '../test-world.ts';

const check = (name: string) =>
  declareCheck(
    name,
    'a value that takes a good number of words to describe',
    `${'mend it with care, '.repeat(6)}then look again`,
  );
const checks = [
  check('issuer.clock')('ok', '0.3 s from this clock'),
  check('redis.rights_missing')('unknown', 'not permitted'),
  check('redis.min_replicas_unset')('warn', 'no replica'),
  check('log.reachable')('unreachable', `redis://${'a-long-name-of-a-host.'.repeat(6)}internal:6379 cannot be reached`),
];

describe('the report of the doctor', () => {
  it.each([40, 80, 120])('fits a terminal of %d columns, with every word', (columns) => {
    const written = testWorld();
    const report = formatReport(checks, { ...written, stdout: { ...written.stdout, columns } });
    const lines = report.split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    const words = report.replace(/\s+/g, '');
    for (const { found, expected, remedy = '', status } of checks) {
      expect(words).toContain(found.replace(/\s+/g, ''));
      if (status !== 'ok') expect(words).toContain(`${expected}fix${remedy}`.replace(/\s+/g, ''));
    }
  });

  it('begins with what failed, and ends with what is well', () => {
    const report = formatReport(checks, testWorld());
    const marks = [...report.matchAll(/^(FAIL|warn|unknown|ok) /gm)].map(([, mark]) => mark);
    expect(marks).toEqual(['FAIL', 'warn', 'unknown', 'ok']);
    expect(report).toMatch(/^FAIL +log\.reachable\n +found +redis:/);
    expect(report).toMatch(/\nok +issuer\.clock: 0\.3 s from this clock\n\n1 ok, 1 warn, 1 fail, 1 unknown\n$/);
  });
});
