import { describe, expect, it } from '@jest/globals';
import { type FreshnessStatus, fixForFeedError, staleCauses } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { createProbes, maxTickAgeMs, type ReadyWhen } from '../../src/health/probes.ts';

type Held = Pick<FreshnessStatus, 'state' | 'cause' | 'proofAgeMs'>;

const cold: Held = { state: 'cold', cause: 'cold' };
const fresh: Held = { state: 'fresh', proofAgeMs: 412.7 };
const stale: Held = { state: 'stale', cause: 'no_heartbeat', proofAgeMs: 5001 };

interface Given {
  readonly whenUnknown?: 'unavailable' | 'accept';
  readonly readyWhen?: ReadyWhen;
  readonly lastError?: string;
  readonly restartedAtSeconds?: number;
}

const startupMaxMs = 60_000;

function setUp(held: Held, { whenUnknown = 'unavailable', readyWhen = 'fresh', ...given }: Given = {}) {
  const clock = new FakeClock();
  let freshness = { sinceMs: 0, ...held };
  const status = () => ({ freshness, ...given });
  const gaveUpAtMs: number[] = [];
  const onGaveUp = () => gaveUpAtMs.push(clock.monotonicMs());
  const probes = createProbes({ replica: { status }, clock, whenUnknown, readyWhen, startupMaxMs, onGaveUp });
  const become = (next: Held) => {
    freshness = { sinceMs: 0, ...next };
  };
  return { clock, probes, gaveUpAtMs, become };
}

describe('given a sidecar that was never synchronised', () => {
  it('is neither started nor ready, and names the last error', () => {
    const { probes } = setUp(cold, { lastError: 'unreachable' });
    for (const answer of [probes.startup(), probes.ready()]) {
      expect(answer).toMatchObject({ ok: false, check: 'first_snapshot', cause: 'cold', lastError: 'unreachable' });
      expect(answer.remedy).toContain('source');
    }
  });

  it('names the fix instead of a wait when the source refuses', () => {
    const { remedy } = setUp(cold, { lastError: 'no_permission' }).probes.ready();
    expect(remedy).toContain('ACL');
    expect(remedy).not.toContain('wait');
  });

  it('is not ready with `accept` either: it has no rules to serve', () => {
    expect(setUp(cold, { whenUnknown: 'accept' }).probes.ready().ok).toBe(false);
  });

  it('is live', () => {
    expect(setUp(cold, { lastError: 'unreachable' }).probes.live().ok).toBe(true);
  });
});

describe('given a synchronised sidecar', () => {
  it('is started and ready, with the age of its proof', () => {
    const { probes } = setUp(fresh);
    expect(probes.startup()).toEqual({ ok: true, check: 'first_snapshot' });
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 413 });
  });

  it('is ready with the time of the restart while earlier revocations may be missing', () => {
    const { probes } = setUp(fresh, { restartedAtSeconds: 1_767_225_600 });
    const restartedAt = '2026-01-01T00:00:00.000Z';
    expect(probes.ready()).toEqual({ ok: true, check: 'freshness', ageMs: 413, restartedAt });
  });

  it('stays started and is not ready while stale, if the API answers 503 while stale', () => {
    const { probes } = setUp(stale, { lastError: 'timeout' });
    expect(probes.startup().ok).toBe(true);
    expect(probes.ready()).toMatchObject({ ok: false, cause: 'no_heartbeat', ageMs: 5001, lastError: 'timeout' });
    expect(probes.ready().degraded).toBeUndefined();
  });

  it('stays ready and is degraded while stale, if the API accepts tokens while stale', () => {
    const { probes } = setUp(stale, { whenUnknown: 'accept' });
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true, cause: 'no_heartbeat' });
  });

  it('is not ready after a stop request, and stays live', () => {
    for (const whenUnknown of ['unavailable', 'accept'] as const) {
      const { probes } = setUp(fresh, { whenUnknown });
      probes.markStopping();
      expect(probes.ready()).toMatchObject({ ok: false, check: 'stopping' });
      expect(probes.live().ok).toBe(true);
    }
  });

  it.each(['refused', 'no_permission', 'wrong_type', 'read_only'])(
    'names the fix for %s, and not the wait for a log that heals',
    (lastError) => {
      const { remedy } = setUp({ ...stale, cause: 'healing' }, { lastError }).probes.ready();
      expect(remedy).toBe(fixForFeedError(lastError));
    },
  );

  it.each(['unreachable', 'timeout', undefined])('names the wait for a log that heals after %s', (lastError) => {
    const { remedy } = setUp({ ...stale, cause: 'healing' }, { lastError }).probes.ready();
    expect(remedy).toContain('wait for the log');
  });

  it.each(staleCauses.filter((cause) => cause !== 'cold'))('has a remedy for %s', (cause) => {
    const { remedy = '' } = setUp({ ...stale, cause }).probes.ready();
    expect(remedy.length).toBeGreaterThan(10);
  });
});

describe('given an outage of the source that every sidecar sees', () => {
  const outage = { readyWhen: 'synchronised', lastError: 'unreachable' } as const;

  it('a sidecar that was fresh stays ready, and is degraded with cause and remedy', () => {
    const { probes, become } = setUp(fresh, outage);
    expect(probes.ready()).toMatchObject({ ok: true });
    expect(probes.ready().degraded).toBeUndefined();
    become(stale);
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true, cause: 'no_heartbeat', lastError: 'unreachable' });
    expect(probes.ready().remedy).toContain('check that the source runs');
  });

  it('a sidecar that was fresh between two probes stays ready', async () => {
    const { clock, probes, become } = setUp(fresh, outage);
    await clock.advance(500);
    become(stale);
    expect(probes.ready().ok).toBe(true);
  });

  it('a sidecar that was never fresh is not ready until the time of the start is over', async () => {
    const { clock, probes, become } = setUp(cold, outage);
    await clock.advance(startupMaxMs);
    become(stale);
    expect(probes.ready()).toMatchObject({ ok: true, degraded: true });
    expect(setUp(stale, outage).probes.ready().ok).toBe(false);
  });

  it('a sidecar for other hosts is not ready while stale', () => {
    const { probes, become } = setUp(fresh, { ...outage, readyWhen: 'fresh' });
    expect(probes.ready().ok).toBe(true);
    become(stale);
    expect(probes.ready().ok).toBe(false);
  });

  it('a start without a snapshot is over after its time, which is reported once', async () => {
    const { clock, probes, gaveUpAtMs, become } = setUp(cold, outage);
    await clock.advance(startupMaxMs - 1);
    expect(probes.startup()).toMatchObject({ ok: false, check: 'first_snapshot', cause: 'cold' });
    await clock.advance(1);
    expect(probes.startup()).toMatchObject({ ok: true, gaveUp: true, lastError: 'unreachable' });
    await clock.advance(startupMaxMs);
    expect(gaveUpAtMs).toHaveLength(1);
    become(fresh);
    expect(probes.startup()).toEqual({ ok: true, check: 'first_snapshot' });
  });

  it.each([
    ['unavailable', false],
    ['accept', true],
  ] as const)('after it gave up without a rule, with %s, ready is %s', async (whenUnknown, ok) => {
    const { clock, probes } = setUp(cold, { ...outage, whenUnknown });
    await clock.advance(startupMaxMs);
    expect(probes.ready()).toMatchObject({ ok, check: 'first_snapshot' });
  });

  it('a stop request makes it unready', () => {
    const { probes, become } = setUp(fresh, outage);
    probes.ready();
    become(stale);
    probes.markStopping();
    expect(probes.ready()).toMatchObject({ ok: false, check: 'stopping' });
  });
});

describe('given a process whose timers no longer run', () => {
  it('is live up to the bound since the last tick, and not live after it', async () => {
    const clock = new FakeClock();
    const stuck = {
      monotonicMs: () => clock.monotonicMs(),
      wallMs: () => clock.wallMs(),
      sleep: () => new Promise<void>(() => undefined),
    };
    const status = () => ({ freshness: { sinceMs: 0, ...fresh } });
    const probes = createProbes({
      replica: { status },
      clock: stuck,
      whenUnknown: 'unavailable',
      readyWhen: 'fresh',
      startupMaxMs,
    });
    await clock.advance(maxTickAgeMs);
    expect(probes.live()).toEqual({ ok: true, check: 'event_loop', ageMs: maxTickAgeMs });
    await clock.advance(1);
    expect(probes.live()).toMatchObject({ ok: false, check: 'event_loop', ageMs: maxTickAgeMs + 1 });
  });

  it('stays live as long as they run', async () => {
    const { clock, probes } = setUp(fresh);
    await clock.advance(10 * maxTickAgeMs);
    expect(probes.live().ok).toBe(true);
  });

  it('has no timer after close', async () => {
    const { clock, probes } = setUp(fresh);
    probes.close();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });
});
