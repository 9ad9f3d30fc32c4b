import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { costsWith } from '../../src/scale/constants.ts';
import { type Fleet, levelsOf } from '../../src/scale/fleet.ts';
import { rulesOf } from '../../src/scale/growth.ts';
import { isWithin, limitsOf, revocationsUntilLimit } from '../../src/scale/limits.ts';
import { documentedFleet } from '../../src/scale/page.ts';
import { candidates, pickTopology } from '../../src/scale/pick.ts';
import { steadyState } from '../../src/scale/steady.ts';
import { simulateStorm } from '../../src/scale/storm/storm.ts';

const costs = costsWith();
const fleets: fc.Arbitrary<Fleet> = fc.record({
  processes: fc.integer({ min: 1, max: 100_000 }),
  bottom: fc.constantFrom('pod', 'node', 'none'),
  perNode: fc.integer({ min: 1, max: 100 }),
  tiers: fc.integer({ min: 0, max: 3 }),
  fanOut: fc.integer({ min: 2, max: 1000 }),
  rules: fc.integer({ min: 0, max: 100_000_000 }),
  revocationsPerSecond: fc.double({ min: 0, max: 1000, noNaN: true }),
  logs: fc.constantFrom(1, 2, 8),
  linkBytesPerSecond: fc.constantFrom(1.25e7, 1.25e9),
  roundTripMs: fc.constantFrom(0, 0.5, 20),
});
const twice = (fleet: Fleet, name: 'revocationsPerSecond' | 'rules') => ({ ...fleet, [name]: fleet[name] * 2 });
const atMost = (smaller: number, larger: number) => expect(smaller).toBeLessThanOrEqual(larger * (1 + 1e-9));

describe('given a steady fleet', () => {
  it('more readers of Redis never reduce its load', () => {
    fc.assert(
      fc.property(fleets, fc.integer({ min: 1, max: 1000 }), (fleet, more) => {
        const straight: Fleet = { ...fleet, tiers: 0, bottom: fleet.bottom === 'node' ? 'pod' : fleet.bottom };
        const fewer = steadyState(straight, costs).redis;
        const all = steadyState({ ...straight, processes: straight.processes + more }, costs).redis;
        for (const name of ['connections', 'cpu', 'outBytesPerSecond', 'inBytesPerSecond', 'registryBytes'] as const) {
          atMost(fewer[name], all[name]);
        }
      }),
    );
  });

  it('more revocations never need less bandwidth, and more rules never less memory', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const once = steadyState(fleet, costs);
        const busier = steadyState(twice(fleet, 'revocationsPerSecond'), costs);
        const larger = steadyState(twice(fleet, 'rules'), costs);
        atMost(once.redis.outBytesPerSecond, busier.redis.outBytesPerSecond);
        atMost(once.redis.megabytes, larger.redis.megabytes);
        once.levels.forEach((level, index) => {
          atMost(level.outBytesPerSecond, busier.levels[index]?.outBytesPerSecond ?? 0);
          atMost(level.megabytes, larger.levels[index]?.megabytes ?? 0);
        });
      }),
    );
  });

  it('no relay has more readers than the fan-out, or more replicas than a report may have', () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const levels = levelsOf(fleet, costs);
        expect(levels.at(-1)).toEqual({ kind: 'process', count: fleet.processes });
        const relays = levels.filter(({ kind }) => kind === 'relay');
        expect(relays).toHaveLength(fleet.tiers);
        for (const [index, { count }] of relays.entries()) {
          expect((levels[index + 1]?.count ?? 0) / count).toBeLessThanOrEqual(fleet.fanOut);
          expect(fleet.processes / count).toBeLessThanOrEqual(costs.maxReplicasPerReport);
        }
      }),
    );
  });

  it('the rate of reports of one sidecar is the measured one, within a third', () => {
    const measured = [
      { processes: 1, revocationsPerSecond: 0, reports: 3 },
      { processes: 1, revocationsPerSecond: 20, reports: 42 },
      { processes: 64, revocationsPerSecond: 0, reports: 8.2 },
      { processes: 64, revocationsPerSecond: 20, reports: 155 },
      { processes: 256, revocationsPerSecond: 0, reports: 17.5 },
    ];
    for (const { processes, revocationsPerSecond, reports } of measured) {
      const alone: Fleet = { ...documentedFleet, tiers: 0, bottom: 'node', perNode: processes, roundTripMs: 0 };
      const { redis } = steadyState({ ...alone, processes, revocationsPerSecond }, costs);
      expect(Math.abs(redis.reportsPerSecond / reports - 1)).toBeLessThan(1 / 3);
    }
  });
});

describe('given limits', () => {
  it('picks the first candidate within all limits, and none if there is none', () => {
    for (const processes of [10, 1000, 100_000]) {
      const fleet = { ...documentedFleet, processes };
      const picked = pickTopology(fleet, costs);
      const fitting = [...candidates(fleet)].find((candidate) => limitsOf(candidate, costs).every(isWithin));
      expect(picked).toEqual(fitting);
    }
    const impossible = { ...documentedFleet, revocationsPerSecond: 1e9 };
    expect(pickTopology(impossible, costs)).toBeUndefined();
  });

  it('finds the rate of revocations at which the first limit is reached', () => {
    const until = revocationsUntilLimit(documentedFleet, costs);
    const within = (revocationsPerSecond: number) =>
      limitsOf({ ...documentedFleet, revocationsPerSecond }, costs).every(isWithin);
    expect([within(until * 0.99), within(until * 1.01)]).toEqual([true, false]);
  });

  it('finds 0 when a limit is exceeded without revocations', () => {
    expect(revocationsUntilLimit({ ...documentedFleet, rules: 5_000_000 }, costs)).toBe(0);
  });
});

describe('given a deploy storm', () => {
  const storm = { cold: 'everything', seed: 1, spreadMs: 1000 } as const;
  const small: Fleet = { ...documentedFleet, processes: 400, rules: 10_000 };

  it('is the same for the same seed', () => {
    expect(simulateStorm(small, costs, storm)).toEqual(simulateStorm(small, costs, storm));
  });

  it('more rules never make processes fresh earlier, and never need fewer bytes', () => {
    for (const tiers of [0, 1, 2]) {
      const [less, more] = [10_000, 40_000].map((rules) => simulateStorm({ ...small, tiers, rules }, costs, storm));
      atMost(less?.allFreshMs ?? Number.NaN, more?.allFreshMs ?? Number.NaN);
      atMost(less?.snapshotBytes ?? Number.NaN, more?.snapshotBytes ?? Number.NaN);
    }
  });

  it('a tier of relays reduces the snapshots from Redis', () => {
    const snapshots = [0, 1, 2].map((tiers) => simulateStorm({ ...small, tiers }, costs, storm).redisSnapshots);
    expect(snapshots).toEqual([400, 4, 2]);
  });

  it('warm relays read nothing from Redis', () => {
    expect(simulateStorm(small, costs, { ...storm, cold: 'processes' }).redisOutBytes).toBe(0);
  });

  it('never ends when a page takes longer than the silence limit of a connection', () => {
    const most = Math.floor(costs.silenceMs / (costs.snapshotPageRules * costs.scanRuleMs));
    const straight: Fleet = { ...small, tiers: 0 };
    expect(simulateStorm({ ...straight, processes: most }, costs, storm).allFreshMs).toBeLessThan(Infinity);
    expect(simulateStorm({ ...straight, processes: most + 1 }, costs, storm).allFreshMs).toBe(Infinity);
  });
});

describe('given revocations a day', () => {
  it('keeps each rule for the lifetime of the tokens, the margin and an hour', () => {
    const { rules } = rulesOf({ revocationsPerDay: 86_400, lifetimeSeconds: 3600 }, costs);
    expect(rules).toBe(3600 + costs.ruleMarginSeconds + 3600);
  });
});
