import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { LogClock } from '../../src/replication/log-clock.ts';

const given = (aheadMs = 0) => {
  const clock = new FakeClock();
  const logClock = new LogClock(clock);
  const learn = (error: number, roundTripMs: number): void =>
    logClock.learn({ logMs: clock.wallMs() + aheadMs + error, monotonicMs: clock.monotonicMs(), roundTripMs });
  return { clock, logClock, learn };
};

describe('before the first reading', () => {
  it('knows no time of the log and agrees with nothing', () => {
    const { logClock } = given();
    expect([logClock.nowMs(), logClock.offsetMs(), logClock.agreedSeconds()]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('judges denials by the wall clock', () => {
    const { clock, logClock } = given();
    expect(logClock.claimSeconds()).toBe(clock.wallMs() / 1000);
  });
});

describe('the log clock', () => {
  it('is carried on by the monotonic clock, wherever the wall clock jumps', async () => {
    const { clock, logClock, learn } = given(250);
    learn(0, 2);
    const startMs = clock.wallMs();
    await clock.advance(1000);
    clock.jumpWall(-3_600_000);
    expect(logClock.nowMs()).toBe(startMs + 250 + 1000);
    expect(logClock.offsetMs()).toBe(3_600_250);
  });

  it.each([
    ['keeps the better reading while the difference may be its error', 1010, 0],
    ['takes a worse one that no round trip explains: a clock was set, or this machine slept', 1014, 1014],
  ])('%s', async (_name, jumpMs, expected) => {
    const { clock, logClock, learn } = given();
    learn(0, 2);
    await clock.advance(1000);
    learn(jumpMs, 10);
    expect(logClock.offsetMs()).toBe(expected);
  });

  it('prefers the reading with the shorter round trip', async () => {
    const { clock, logClock, learn } = given();
    learn(3, 10);
    learn(40, 90);
    expect(logClock.offsetMs()).toBe(3);
    await clock.advance(1000);
    learn(1, 10);
    expect(logClock.offsetMs()).toBe(1);
    learn(0, 2);
    expect(logClock.offsetMs()).toBe(0);
  });

  it.each([
    ['at', 60_000, 3],
    ['above', 60_001, 40],
  ])('keeps a better reading until its age is %s a minute', async (_, ageMs, offsetMs) => {
    const { clock, logClock, learn } = given();
    learn(3, 10);
    await clock.advance(ageMs);
    learn(40, 90);
    expect(logClock.offsetMs()).toBe(offsetMs);
  });
});

describe('a reading that took long', () => {
  // Half of its round trip is how far it may be off.
  it.each([
    ['at', 1000, 500],
    ['above', 1001, undefined],
  ])('is taken as the first one %s a second', (_, roundTripMs, offsetMs) => {
    const { logClock, learn } = given();
    learn(500, roundTripMs);
    expect(logClock.offsetMs()).toBe(offsetMs);
  });

  it('does not replace a good one that has grown old: a server that was paused told it', async () => {
    const { clock, logClock, learn } = given();
    learn(3, 10);
    await clock.advance(600_000);
    learn(924, 1848);
    expect(logClock.offsetMs()).toBe(3);
  });
});

describe('the second at which denials end', () => {
  it('is not brought nearer by a wall clock that jumped ahead', () => {
    const { clock, logClock, learn } = given();
    learn(0, 1);
    const seconds = logClock.claimSeconds();
    clock.jumpWall(3_600_000);
    expect(logClock.claimSeconds()).toBe(seconds);
  });

  it('is not brought nearer by a log clock that is ahead', () => {
    const { clock, logClock, learn } = given(3_600_000);
    learn(0, 1);
    expect(logClock.claimSeconds()).toBe(Math.floor(clock.wallMs() / 1000));
  });
});

describe('forgetting', () => {
  it.each([
    ['below', 59_999, true],
    ['at', 60_000, true],
    ['above', 60_001, false],
  ])('is allowed while the clocks differ by %s a minute', (_, differenceMs, allowed) => {
    for (const sign of [1, -1]) {
      const { logClock, learn } = given(sign * differenceMs);
      learn(0, 1);
      expect(logClock.agreedSeconds() !== undefined).toBe(allowed);
    }
  });

  it('says for how long the clocks have disagreed, and nothing while they agree or one is not known', async () => {
    const { clock, logClock, learn } = given();
    expect(logClock.disagreementMs()).toBeUndefined();
    learn(0, 1);
    expect(logClock.disagreementMs()).toBeUndefined();
    clock.jumpWall(3_600_000);
    logClock.agreedSeconds();
    await clock.advance(5000);
    expect(logClock.disagreementMs()).toBe(5000);
    clock.jumpWall(-3_600_000);
    expect(logClock.disagreementMs()).toBeUndefined();
  });

  it('goes by the earlier of the two', () => {
    const { clock, logClock, learn } = given(-30_000);
    learn(0, 1);
    expect(logClock.agreedSeconds()).toBe(Math.floor((clock.wallMs() - 30_000) / 1000));
  });
});
