import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { Freshness, type FreshnessStatus, type Proof } from '../../src/replication/freshness.ts';

const maxStalenessMs = 5000;
const hourMs = 3_600_000;

function given() {
  const clock = new FakeClock();
  const reported: FreshnessStatus[] = [];
  const freshness = new Freshness({ clock, maxStalenessMs, onChange: (status) => reported.push(status) });
  const proveNow = (): void => freshness.prove({ provenAtMs: clock.monotonicMs() });
  return { clock, reported, freshness, proveNow };
}

function givenFresh() {
  const world = given();
  world.freshness.markComplete();
  world.proveNow();
  return world;
}

describe('a replica that has just started', () => {
  it('is cold, and stays cold whatever is proven, until it is complete', () => {
    const { freshness, proveNow } = given();
    proveNow();
    expect(freshness.isFresh()).toBe(false);
    expect(freshness.status()).toMatchObject({ state: 'cold', cause: 'cold' });
  });

  it('is complete but not fresh before the first proof', () => {
    const { freshness } = given();
    freshness.markComplete();
    expect(freshness.isFresh()).toBe(false);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'no_heartbeat' });
  });

  it('has no age of a proof', () => {
    expect(given().freshness.status().proofAgeMs).toBeUndefined();
  });
});

describe('a proof', () => {
  it.each([
    ['below', maxStalenessMs - 1, true],
    ['at', maxStalenessMs, true],
    ['above', maxStalenessMs + 1, false],
  ])('counts while its age is %s the bound', async (_, ageMs, fresh) => {
    const { clock, freshness } = givenFresh();
    await clock.advance(ageMs);
    expect(freshness.isFresh()).toBe(fresh);
    expect(freshness.status()).toMatchObject({ state: fresh ? 'fresh' : 'stale', proofAgeMs: ageMs });
  });

  it('counts from the moment it proves, not from its arrival', async () => {
    const { clock, freshness } = given();
    freshness.markComplete();
    const provenAtMs = clock.monotonicMs();
    await clock.advance(maxStalenessMs);
    freshness.prove({ provenAtMs });
    expect(freshness.isFresh()).toBe(true);
    await clock.advance(1);
    expect(freshness.isFresh()).toBe(false);
  });

  it('is judged by the clock of the very request, although no timer has run since: the event loop was blocked', () => {
    let nowMs = 10_000;
    const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs, sleep: () => new Promise<void>(() => {}) };
    const freshness = new Freshness({ clock, maxStalenessMs: 5000 });
    freshness.markComplete();
    freshness.prove({ provenAtMs: nowMs });
    nowMs += 5000;
    expect(freshness.isFresh()).toBe(true);
    nowMs += 1;
    expect(freshness.isFresh()).toBe(false);
  });

  it('of the future is of another host, and refused', () => {
    const { clock, freshness } = given();
    freshness.markComplete();
    freshness.prove({ provenAtMs: clock.monotonicMs() + 1 });
    expect([freshness.isFresh(), freshness.provenAtMs]).toEqual([false, undefined]);
  });

  it('older than the one held changes nothing', async () => {
    const { clock, freshness } = given();
    freshness.markComplete();
    await clock.advance(1000);
    const heard: Proof[] = [];
    freshness.onProof((proof) => heard.push(proof));
    const provenAtMs = clock.monotonicMs();
    freshness.prove({ provenAtMs });
    freshness.prove({ provenAtMs: provenAtMs - 500 });
    freshness.prove({ provenAtMs });
    expect(freshness.provenAtMs).toBe(provenAtMs);
    expect(heard).toEqual([{ provenAtMs }]);
  });

  it('is handed to listeners as it came, until they leave', async () => {
    const { clock, freshness, proveNow } = given();
    const heard: Proof[] = [];
    const stop = freshness.onProof((proof) => heard.push(proof));
    const proof = { provenAtMs: clock.monotonicMs(), heartbeatLoggedAtMs: 7 };
    freshness.prove(proof);
    stop();
    await clock.advance(1);
    proveNow();
    expect(heard).toEqual([proof]);
  });
});

describe('a hole in the history', () => {
  it('ends freshness at once, and an earlier proof does not come back with the next snapshot', () => {
    const { freshness } = givenFresh();
    freshness.markIncomplete();
    expect(freshness.isFresh()).toBe(false);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'gap' });
    freshness.markComplete();
    expect(freshness.isFresh()).toBe(false);
  });

  it('leaves it stale, never cold, and what was ever complete stays so', () => {
    const { freshness } = givenFresh();
    freshness.markIncomplete();
    expect([freshness.everComplete, freshness.isComplete]).toEqual([true, false]);
  });

  it('is mended by a snapshot and a newer proof', async () => {
    const { clock, freshness, proveNow } = givenFresh();
    freshness.markIncomplete();
    freshness.markComplete();
    await clock.advance(1);
    proveNow();
    expect(freshness.isFresh()).toBe(true);
  });
});

describe('at capacity', () => {
  it('is not fresh, whatever is proven, and says why', async () => {
    const { clock, freshness, proveNow } = givenFresh();
    freshness.markFull(true);
    await clock.advance(1);
    proveNow();
    expect(freshness.isFresh()).toBe(false);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'capacity' });
  });

  it('is fresh again when everything fits', () => {
    const { freshness } = givenFresh();
    freshness.markFull(true);
    freshness.markFull(false);
    expect(freshness.isFresh()).toBe(true);
  });
});

describe('over a log that heals', () => {
  it('names healing as the cause while nothing is proven', async () => {
    const { clock, freshness } = givenFresh();
    freshness.markHealing(true);
    expect(freshness.status().state).toBe('fresh');
    await clock.advance(maxStalenessMs + 1);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'healing' });
    freshness.markHealing(false);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'no_heartbeat' });
  });
});

describe('the wall clock', () => {
  it('may jump back an hour without any effect', async () => {
    const { clock, freshness, proveNow } = givenFresh();
    clock.jumpWall(-hourMs);
    expect(freshness.isFresh()).toBe(true);
    await clock.advance(1000);
    proveNow();
    expect(freshness.isFresh()).toBe(true);
    await clock.advance(maxStalenessMs + 1);
    expect(freshness.isFresh()).toBe(false);
  });

  it.each([
    ['below', maxStalenessMs - 1, true],
    ['at', maxStalenessMs, true],
    ['above', maxStalenessMs + 1, false],
    ['an hour above', hourMs, false],
  ])('that ran ahead of the monotonic one by %s the bound', (_, aheadMs, fresh) => {
    const { clock, freshness } = givenFresh();
    clock.jumpWall(aheadMs);
    expect(freshness.isFresh()).toBe(fresh);
  });

  it('is compared with where it stood at the last proof, so that small corrections do not add up', async () => {
    const { clock, freshness, proveNow } = givenFresh();
    for (let step = 0; step < 10; step++) {
      clock.jumpWall(1000);
      await clock.advance(500);
      proveNow();
    }
    expect(freshness.isFresh()).toBe(true);
  });
});

describe('a machine that was suspended', () => {
  it('says so, and stays stale although the wall clock is put back', () => {
    const { clock, freshness } = givenFresh();
    clock.jumpWall(hourMs);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'suspended' });
    clock.jumpWall(-hourMs);
    expect(freshness.isFresh()).toBe(false);
  });

  it('is not made fresh by a reply that waited through the suspension', async () => {
    const { clock, freshness } = givenFresh();
    await clock.advance(400);
    const lastReadAtMs = clock.monotonicMs();
    await clock.advance(100);
    clock.jumpWall(hourMs);
    freshness.prove({ provenAtMs: lastReadAtMs });
    expect(freshness.isFresh()).toBe(false);
    expect(freshness.status()).toMatchObject({ state: 'stale', cause: 'suspended' });
  });

  it('that sleeps a second time needs a proof of a time after that', async () => {
    const { clock, freshness } = givenFresh();
    clock.jumpWall(hourMs);
    expect(freshness.isFresh()).toBe(false);
    await clock.advance(400);
    const lastReadAtMs = clock.monotonicMs();
    await clock.advance(100);
    clock.jumpWall(hourMs);
    expect(freshness.isFresh()).toBe(false);
    freshness.prove({ provenAtMs: lastReadAtMs });
    expect(freshness.isFresh()).toBe(false);
  });

  it('recovers although it is asked all the time: what counts is when the sleep was noticed', async () => {
    const { clock, freshness } = givenFresh();
    clock.jumpWall(hourMs);
    expect(freshness.isFresh()).toBe(false);
    await clock.advance(400);
    const lastReadAtMs = clock.monotonicMs();
    await clock.advance(100);
    expect(freshness.isFresh()).toBe(false);
    freshness.prove({ provenAtMs: lastReadAtMs });
    expect(freshness.isFresh()).toBe(true);
  });

  it('is fresh with the first proof of a time after it woke', async () => {
    const { clock, freshness, proveNow } = givenFresh();
    clock.jumpWall(hourMs);
    expect(freshness.isFresh()).toBe(false);
    await clock.advance(1);
    proveNow();
    expect(freshness.isFresh()).toBe(true);
  });
});

describe('the status', () => {
  it('is reported once for each change, with the wall-clock time since when', async () => {
    const { clock, freshness, reported, proveNow } = given();
    const startMs = clock.wallMs();
    await clock.advance(100);
    freshness.markComplete();
    proveNow();
    await clock.advance(1000);
    proveNow();
    freshness.assess();
    await clock.advance(maxStalenessMs + 1);
    freshness.assess();
    freshness.assess();
    expect(reported).toEqual([
      { state: 'stale', cause: 'no_heartbeat', sinceMs: startMs + 100 },
      { state: 'fresh', sinceMs: startMs + 100 },
      { state: 'stale', cause: 'no_heartbeat', sinceMs: startMs + 100 + 1000 + maxStalenessMs + 1 },
    ]);
  });

  it('keeps its time when only the cause changes', async () => {
    const { clock, freshness, reported } = givenFresh();
    await clock.advance(200);
    freshness.markIncomplete();
    const sinceMs = clock.wallMs();
    await clock.advance(300);
    freshness.markFull(true);
    expect(reported.slice(-2)).toEqual([
      { state: 'stale', cause: 'gap', sinceMs },
      { state: 'stale', cause: 'capacity', sinceMs },
    ]);
  });

  it('of a fresh one has no cause', () => {
    expect(givenFresh().freshness.status().cause).toBeUndefined();
  });
});
