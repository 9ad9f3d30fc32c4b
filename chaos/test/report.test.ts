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
  // Written by the suite itself, from the type it is read as.
  const report = JSON.parse(readFileSync(`${docs}chaos-report.json`, 'utf8')) as ChaosReport;

  it('is of five runs of ten minutes and of forty faults, at least', () => {
    const played = report.played.map(({ fault }) => fault);
    expect(played.filter((fault) => fault === 'random').length).toBeGreaterThanOrEqual(5);
    expect(report.minutes).toBeGreaterThanOrEqual(10);
    expect(faults.filter(({ name }) => played.includes(name)).length).toBeGreaterThanOrEqual(40);
  });

  it('found nothing', () => {
    expect(report.violations).toBe(0);
    expect(report.played.flatMap(({ violations }) => violations)).toEqual([]);
  });
});

describe('docs/guarantees.md', () => {
  it('says where the report is', () => {
    expect(guarantees).not.toMatch(/no report/i);
    expect(guarantees).toContain('`docs/chaos-report.json`');
  });
});
