import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stagesOf, timesOf } from '../../src/metrics/revocation-latency.ts';
import type { Change } from '../../src/rules/event.ts';

const change = (times: Partial<Change> = {}): Change => ({
  digest: new Uint32Array(4),
  rule: { deniedUntil: 1, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 },
  loggedAtMs: 1010,
  receivedAtMs: 1030,
  details: { id: 'x', kind: 'revoke', requestedAtMs: 1000 },
  ...times,
});

const measure = (given: Change, appliedAtMs: number | undefined) => {
  const times = timesOf(given, appliedAtMs);
  return times && { ...stagesOf(times), corrected: times.corrected };
};

describe('revocation latency', () => {
  it('runs from the request, in stages', () => {
    expect(measure(change(), 1060)).toEqual({
      latency: 0.06,
      publish: 0.01,
      deliver: 0.02,
      apply: 0.03,
      corrected: false,
    });
  });

  it('runs from when it occurred, where that is known', () => {
    const details = { id: 'x', kind: 'revoke', requestedAtMs: 1000, occurredAtMs: 10 } as const;
    expect(measure(change({ details }), 1060)).toMatchObject({ latency: 1.05, publish: 1, corrected: false });
  });

  it('is all delivery in the first process of a host', () => {
    const { receivedAtMs: _, ...direct } = change();
    expect(measure(direct, 1060)).toMatchObject({ publish: 0.01, deliver: 0.05, apply: 0, corrected: false });
  });

  it.each([
    ['a publisher whose clock is ahead', { details: { id: 'x', kind: 'revoke', requestedAtMs: 5000 } }, 1060, 0.05],
    ['a receipt before the log had it', { receivedAtMs: 900 }, 1060, 0.06],
    [
      'a request before the clock of the log was set ahead',
      { details: { id: 'x', kind: 'revoke', requestedAtMs: -3_600_000 } },
      1060,
      0.05,
    ],
    ['a receipt after it was applied', { receivedAtMs: 2000 }, 1060, 0.06],
    ['an application before the log had it', {}, 1005, 0.01],
  ] as const)('counts what %s would make impossible as 0, and says so', (_name, times, appliedAtMs, latency) => {
    expect(measure(change(times), appliedAtMs)).toMatchObject({ latency, corrected: true });
  });

  it('is nothing for a lift, a re-seed, what a snapshot taught, and while the clock of the log is not known', () => {
    expect(timesOf(change({ details: { id: 'x', kind: 'lift' } }), 1060)).toBeUndefined();
    expect(timesOf(change({ details: { id: 'x', kind: 'reseed' } }), 1060)).toBeUndefined();
    const { loggedAtMs: _, ...learnt } = change();
    expect(timesOf(learnt, 1060)).toBeUndefined();
    expect(timesOf(change(), undefined)).toBeUndefined();
  });

  it('is the sum of its stages and never negative, whatever the clocks did', () => {
    const time = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(time, time, time, time, (requestedAtMs, loggedAtMs, receivedAtMs, appliedAtMs) => {
        const details = { id: 'x', kind: 'revoke', requestedAtMs } as const;
        const times = timesOf({ ...change({ details }), loggedAtMs, receivedAtMs }, appliedAtMs);
        if (times === undefined) throw new Error('no times');
        const { latency, publish, deliver, apply } = stagesOf(times);
        expect(publish + deliver + apply).toBeCloseTo(latency, 9);
        expect(Math.min(publish, deliver, apply)).toBeGreaterThanOrEqual(0);
        const inOrder =
          loggedAtMs - requestedAtMs <= 60_000 &&
          requestedAtMs <= loggedAtMs &&
          loggedAtMs <= receivedAtMs &&
          receivedAtMs <= appliedAtMs;
        expect(times.corrected).toBe(!inOrder);
        if (inOrder) expect(latency).toBe((appliedAtMs - requestedAtMs) / 1000);
      }),
    );
  });
});
