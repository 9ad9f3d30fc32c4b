import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { faults } from '../src/faults/index.ts';

const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const guarantees = readFileSync(`${docs}guarantees.md`, 'utf8');

interface ChaosReport {
  readonly violations: number;
  readonly seeds: readonly number[];
  readonly minutes: number;
  readonly played: readonly { readonly fault: string; readonly violations: readonly string[] }[];
}

describe('docs/chaos-report.json', () => {
  // The suite wrote this file from a superset of this type.
  const report = JSON.parse(readFileSync(`${docs}chaos-report.json`, 'utf8')) as ChaosReport;

  it('covers at least five random runs of ten minutes and a hundred faults', () => {
    const played = report.played.map(({ fault }) => fault);
    expect(played.filter((fault) => fault === 'random').length).toBeGreaterThanOrEqual(5);
    expect(report.minutes).toBeGreaterThanOrEqual(10);
    expect(faults.filter(({ name }) => played.includes(name)).length).toBeGreaterThanOrEqual(100);
  });

  it('has no violation', () => {
    expect(report.violations).toBe(0);
    expect(report.played.flatMap(({ violations }) => violations)).toEqual([]);
  });
});

describe('docs/guarantees.md', () => {
  it('names the file of the report', () => {
    expect(guarantees).not.toMatch(/no report/i);
    expect(guarantees).toContain('`docs/chaos-report.json`');
  });
});
