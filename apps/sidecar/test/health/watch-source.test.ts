import { describe, expect, it } from '@jest/globals';
import type { Misconfiguration, SourceHealth } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { createProbes } from '../../src/health/probes.ts';
import { readMs, watchSource } from '../../src/health/watch-source.ts';

const misconfiguration = (name: string, severity: Misconfiguration['severity']): Misconfiguration => ({
  name,
  severity,
  found: 'found',
  remedy: `fix ${name}`,
});
const eviction = misconfiguration('eviction_policy', 'unsafe');
const appendOnly = misconfiguration('append_only_off', 'warning');
const health = (...misconfigurations: Misconfiguration[]): SourceHealth => ({
  misconfigurations,
  unknown: [],
  figures: {},
});

async function given(
  results: readonly (SourceHealth | Error)[],
  whenUnknown: 'unavailable' | 'accept' = 'unavailable',
) {
  const clock = new FakeClock();
  const lines: string[] = [];
  const line = (level: string) => (fields: object) => {
    lines.push(`${level} ${'misconfiguration' in fields ? fields.misconfiguration : JSON.stringify(fields)}`);
  };
  const left = [...results];
  const source = {
    health: async () => {
      const next = left.length > 1 ? left.shift() : left[0];
      if (next === undefined || next instanceof Error) throw next ?? new Error('no result');
      return next;
    },
  };
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const watch = watchSource({ source, clock, log: log as never }); // only these three are called
  const replica = { status: () => ({ freshness: { state: 'fresh' as const, sinceMs: 0, proofAgeMs: 1 } }) };
  const probes = createProbes({
    replica,
    clock,
    sourceWatch: watch,
    whenUnknown,
    readyWhen: 'fresh',
    startupMaxMs: 60_000,
  });
  await clock.advance(0);
  return { watch, probes, lines, readAgain: () => clock.advance(readMs) };
}

describe('given a source that is unsafe at the first read', () => {
  it('does not become ready, and answers with cause and remedy', async () => {
    const { probes } = await given([health(eviction, appendOnly)]);
    expect(probes.ready()).toEqual({
      ok: false,
      check: 'source',
      cause: 'eviction_policy',
      remedy: 'fix eviction_policy',
      degraded: true,
      misconfigurations: ['eviction_policy', 'append_only_off'],
    });
  });

  it('becomes ready once it is fixed', async () => {
    const { probes, readAgain } = await given([health(eviction), health()]);
    await readAgain();
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 1 });
  });

  it('is ready and degraded if the API accepts tokens while stale', async () => {
    const { probes } = await given([health(eviction)], 'accept');
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true });
  });
});

describe('given a source that becomes unsafe', () => {
  it('stays ready and logs an error: an outage of every API would not help', async () => {
    const { probes, lines, readAgain } = await given([health(), health(eviction)]);
    await readAgain();
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true, misconfigurations: ['eviction_policy'] });
    expect(lines).toEqual(['error eviction_policy']);
  });
});

describe('the log', () => {
  it('has one line when a misconfiguration appears and one when it is fixed', async () => {
    const results = [health(appendOnly), health(appendOnly), new Error('down'), health(appendOnly), health()];
    const { lines, readAgain } = await given(results);
    for (let read = 1; read < results.length; read += 1) await readAgain();
    expect(lines).toEqual(['warn append_only_off', 'info append_only_off']);
  });

  it('has one line for settings that cannot be read', async () => {
    const { lines, readAgain, probes } = await given([{ ...health(), unknown: ['eviction_policy'] }]);
    await readAgain();
    expect(lines).toEqual(['info {"unknown":["eviction_policy"]}']);
    expect(probes.ready()).toMatchObject({ ok: true, unknown: ['eviction_policy'] });
  });
});

describe('given an unreachable source', () => {
  it('reports no settings, and does not prevent readiness', async () => {
    const { probes, watch, lines } = await given([new Error('down')]);
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 1 });
    expect(watch.latest()).toBeUndefined();
    expect(lines).toEqual([]);
  });
});
