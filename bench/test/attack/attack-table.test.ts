import { describe, expect, it } from '@jest/globals';
import { type AttackRun, figuresOf } from '../../src/attack/attack-line.ts';
import { attackTable, formatAnswers } from '../../src/attack/attack-table.ts';
import { countOf, tally } from '../../src/attack/load/traffic.ts';

const sidecar = { polls: 40, readyFailed: 0, feedFailed: 0, peakBytes: 100e6, cpuUs: 5000 };
const run: AttackRun = {
  p99Ms: 4,
  lateP99Ms: 1,
  honest: { 200: 100 },
  honestAmount: 100,
  statuses: { 200: 50 },
  amount: 50,
  apiCpuUs: 30_000,
  sidecar,
};
const attack = { name: 'random kids', target: 'api', perSecond: 200 } as const;

describe('the figures of an attack', () => {
  it('compare p99 within each round', () => {
    const control = [run, { ...run, p99Ms: 40 }, { ...run, p99Ms: 10 }];
    const attacked = [
      { ...run, p99Ms: 8 },
      { ...run, p99Ms: 40 },
      { ...run, p99Ms: 30 },
    ];
    expect(figuresOf({ attack, control, attacked }).p99Ratio).toEqual({ median: 2, spread: 0.5, rounds: 3 });
  });

  it('add up what failed in all rounds with the attack, and nothing of the good requests', () => {
    const bad = { ...run, honest: { 200: 90, 503: 8, 0: 2 }, statuses: { 401: 40, 500: 4, 503: 6 } };
    const ill = { ...bad, sidecar: { ...sidecar, readyFailed: 3, feedFailed: 5, peakBytes: 250e6 } };
    expect(figuresOf({ attack, control: [ill, ill], attacked: [ill, bad] })).toMatchObject({
      ...{ notOk: 20, serverErrors: 20, sidecarMB: 250, readyFailed: 3, feedFailed: 5, polls: 80 },
      answers: { 401: 80, 500: 8, 503: 12 },
    });
    expect(figuresOf({ attack, control: [ill], attacked: [run] })).toMatchObject({
      notOk: 0,
      serverErrors: 0,
      readyFailed: 0,
    });
  });

  it('divide CPU time by the requests that the part answered', () => {
    const attacked = [{ ...run, apiCpuUs: 60_000 }];
    const { apiCpuUs, sidecarCpuUs } = figuresOf({ attack, control: [run], attacked });
    expect(apiCpuUs).toEqual({ control: 200, attack: 400 });
    expect(sidecarCpuUs).toEqual({ control: Number.NaN, attack: Number.NaN });
    const onSidecar = figuresOf({ attack: { ...attack, target: 'data' }, control: [run], attacked });
    expect(onSidecar).toMatchObject({
      apiCpuUs: { control: 300, attack: 600 },
      sidecarCpuUs: { control: 100, attack: 100 },
    });
  });
});

describe('the table of attacks', () => {
  it('marks each missed goal', () => {
    const ill = {
      ...run,
      p99Ms: 9,
      honest: { 503: 1 },
      statuses: { 503: 7 },
      sidecar: { ...sidecar, readyFailed: 2, peakBytes: 201e6 },
    };
    const rowOf = (attacked: AttackRun) =>
      attackTable([figuresOf({ attack, control: [run], attacked: [attacked] })]).at(-1);
    expect(rowOf(run)).not.toContain('missed');
    expect(rowOf(ill)?.match(/[\d.]+ missed/g)).toEqual([
      '2.25 missed',
      '1 missed',
      '7 missed',
      '201 missed',
      '2 missed',
    ]);
  });

  it('names requests without an answer', () => {
    expect(formatAnswers({ 0: 3, 401: 12 })).toBe('3 x none, 12 x 401');
  });
});

describe('the number of answers', () => {
  it('is counted by status', () => {
    const statuses: Record<number, number> = {};
    tally(statuses, 503);
    tally(statuses, 503, 2);
    tally(statuses, 0, 0);
    expect(statuses).toEqual({ 503: 3 });
    expect(countOf({ 200: 5, 503: 3, 500: 1 }, (status) => status >= 500)).toBe(4);
  });
});
