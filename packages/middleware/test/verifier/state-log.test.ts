import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { StateLog } from '../../src/verifier/state-log.ts';

function given() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = new StateLog({ info: (line) => void lines.push(line), warn: (line) => void lines.push(line) }, clock);
  return { clock, lines, log };
}

describe('StateLog', () => {
  it('writes the first state at once, and does not repeat it', async () => {
    const { clock, lines, log } = given();
    log.say('feed', 'info', 'fresh');
    await clock.advance(120_000);
    log.say('feed', 'info', 'fresh');
    expect(lines).toEqual(['fresh']);
  });

  it('writes at most one line a minute: the last state', async () => {
    const { clock, lines, log } = given();
    for (const state of ['fresh', 'stale', 'fresh', 'stale']) log.say('feed', 'warn', state);
    await clock.advance(59_999);
    expect(lines).toEqual(['fresh']);
    await clock.advance(1);
    expect(lines).toEqual(['fresh', 'stale']);
  });

  it('does not write a state that ended within the minute', async () => {
    const { clock, lines, log } = given();
    for (const state of ['fresh', 'stale', 'fresh']) log.say('feed', 'warn', state);
    await clock.advance(60_000);
    expect(lines).toEqual(['fresh']);
  });

  it('limits each topic separately', () => {
    const { lines, log } = given();
    log.say('one', 'warn', 'a');
    log.say('other', 'warn', 'b');
    expect(lines).toEqual(['a', 'b']);
  });

  it('ignores a logger that throws', () => {
    const thrower = () => {
      throw new Error('disk full');
    };
    expect(() => new StateLog({ info: thrower, warn: thrower }, new FakeClock()).say('x', 'warn', 'y')).not.toThrow();
  });
});
