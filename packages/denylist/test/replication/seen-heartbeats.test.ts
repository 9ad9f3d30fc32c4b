import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { SeenHeartbeats } from '../../src/replication/seen-heartbeats.ts';

const most = 5000;

/** A log whose clock and heartbeats the test sets, and one asker. */
function given() {
  const clock = new FakeClock();
  const seen = new SeenHeartbeats(clock, most);
  const start = clock.wallMs();
  const ask = (beatAtMs: number, logMs: number) => seen.isRecent(beatAtMs, { logMs, sentAtMs: clock.monotonicMs() });
  return { clock, start, ask };
}

describe('a heartbeat', () => {
  it.each([
    ['of now', 0, true],
    ['at the bound', most, true],
    ['beyond the bound', most + 1, false],
    ['written while the time was read', -100, true],
    ['of the future: the clock was set back', -101, false],
    ['that is no number', Number.NaN, false],
  ])('%s', (_, ageMs, isRecent) => {
    const { start, ask } = given();
    expect(ask(start - ageMs, start)).toBe(isRecent);
  });

  it('is not recent when it does not change for longer than the bound, however the clock of the log is set back', async () => {
    const { clock, start, ask } = given();
    expect(ask(start, start)).toBe(true);
    await clock.advance(most);
    expect(ask(start, start)).toBe(true);
    await clock.advance(1);
    expect(ask(start, start)).toBe(false);
  });

  it('of a primary that was cut off is not recent for a first asker when our clock contradicts', async () => {
    const { clock, start, ask } = given();
    await clock.advance(70_000);
    // The clock of the log was set back by 68 s meanwhile.
    expect(ask(start, start + 2000)).toBe(false);
  });

  it('needs no clock of ours once it was seen to change', async () => {
    const { clock, start, ask } = given();
    const logMs = start + 3 * 3_600_000;
    expect(ask(logMs, logMs)).toBe(false);
    await clock.advance(500);
    expect(ask(logMs + 500, logMs + 500)).toBe(true);
    await clock.advance(60_000);
    // It changed at some time in this minute.
    expect(ask(logMs + 3000, logMs + 3000)).toBe(false);
  });
});
