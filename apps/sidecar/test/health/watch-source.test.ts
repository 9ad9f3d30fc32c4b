import { describe, expect, it } from '@jest/globals';
import type { Misconfiguration, SourceHealth } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { createProbes } from '../../src/health/probes.ts';
import { readMs, watchSource } from '../../src/health/watch-source.ts';

const complaint = (name: string, severity: Misconfiguration['severity']): Misconfiguration => ({
  name,
  severity,
  found: 'found',
  remedy: `mend ${name}`,
});
const eviction = complaint('eviction_policy', 'unsafe');
const appendOnly = complaint('append_only_off', 'warning');
const health = (...misconfigurations: Misconfiguration[]): SourceHealth => ({
  misconfigurations,
  unknown: [],
  figures: {},
});

async function given(looks: readonly (SourceHealth | Error)[], whenUnknown: 'unavailable' | 'accept' = 'unavailable') {
  const clock = new FakeClock();
  const lines: string[] = [];
  const line = (level: string) => (fields: object) => {
    lines.push(`${level} ${'misconfiguration' in fields ? fields.misconfiguration : JSON.stringify(fields)}`);
  };
  const left = [...looks];
  const source = {
    health: async () => {
      const next = left.length > 1 ? left.shift() : left[0];
      if (next === undefined || next instanceof Error) throw next ?? new Error('no look');
      return next;
    },
  };
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const watch = watchSource({ source, clock, log: log as never }); // only these three are called
  const replica = { status: () => ({ freshness: { state: 'fresh' as const, sinceMs: 0, proofAgeMs: 1 } }) };
  const probes = createProbes({ replica, clock, sourceWatch: watch, whenUnknown });
  await clock.advance(0);
  return { watch, probes, lines, lookAgain: () => clock.advance(readMs) };
}

describe('given a source that is unsafe at the first look', () => {
  it('does not become ready, and says why and what to do', async () => {
    const { probes } = await given([health(eviction, appendOnly)]);
    expect(probes.ready()).toEqual({
      ok: false,
      check: 'source',
      cause: 'eviction_policy',
      remedy: 'mend eviction_policy',
      degraded: true,
      misconfigurations: ['eviction_policy', 'append_only_off'],
    });
  });

  it('becomes ready once it is fixed', async () => {
    const { probes, lookAgain } = await given([health(eviction), health()]);
    await lookAgain();
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 1 });
  });

  it('is ready and degraded where the API accepts what it cannot check', async () => {
    const { probes } = await given([health(eviction)], 'accept');
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true });
  });
});

describe('given a source that becomes unsafe', () => {
  it('stays ready and shouts: an outage of every API is no cure', async () => {
    const { probes, lines, lookAgain } = await given([health(), health(eviction)]);
    await lookAgain();
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true, misconfigurations: ['eviction_policy'] });
    expect(lines).toEqual(['error eviction_policy']);
  });
});

describe('the log', () => {
  it('has one line for each complaint when it comes and one when it goes', async () => {
    const looks = [health(appendOnly), health(appendOnly), new Error('down'), health(appendOnly), health()];
    const { lines, lookAgain } = await given(looks);
    for (let look = 1; look < looks.length; look += 1) await lookAgain();
    expect(lines).toEqual(['warn append_only_off', 'info append_only_off']);
  });

  it('says once what the source hides', async () => {
    const { lines, lookAgain, probes } = await given([{ ...health(), unknown: ['eviction_policy'] }]);
    await lookAgain();
    expect(lines).toEqual(['info {"unknown":["eviction_policy"]}']);
    expect(probes.ready()).toMatchObject({ ok: true, unknown: ['eviction_policy'] });
  });
});

describe('given a source out of reach', () => {
  it('says nothing of its set-up, and refuses nobody', async () => {
    const { probes, watch, lines } = await given([new Error('down')]);
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 1 });
    expect(watch.latest()).toBeUndefined();
    expect(lines).toEqual([]);
  });
});
