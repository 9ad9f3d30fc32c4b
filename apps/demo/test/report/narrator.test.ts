import { describe, expect, it } from '@jest/globals';
import { createNarrator } from '../../src/report/narrator.ts';

function listen(colours = false) {
  const lines: string[] = [];
  let tick: (() => void) | undefined;
  const narrator = createNarrator({
    write: (line) => lines.push(line),
    colours,
    every: (_ms, callback) => {
      tick = callback;
      return {
        stop: () => {
          tick = undefined;
        },
      };
    },
  });
  return { lines, narrator, twoSecondsPass: () => tick?.(), isTicking: () => tick !== undefined };
}

describe('the narrator', () => {
  it('prints the progress of work every two seconds, and stops at its end', async () => {
    const { lines, narrator, twoSecondsPass, isTicking } = listen();
    const answer = await narrator.during('logging in 200 people', async (report) => {
      twoSecondsPass();
      report('120 of 200');
      twoSecondsPass();
      return 7;
    });
    expect(answer).toBe(7);
    expect(lines).toEqual(['    … logging in 200 people', '    … logging in 200 people: 120 of 200']);
    expect(isTicking()).toBe(false);
  });

  it('stops when the work fails, and rethrows the error', async () => {
    const { narrator, isTicking } = listen();
    await expect(narrator.during('x', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(isTicking()).toBe(false);
  });

  it('uses colours only when they are enabled', () => {
    const [plain, painted] = [listen(false), listen(true)];
    for (const { narrator } of [plain, painted]) narrator.verdict(true, 'good');
    expect(plain.lines).toEqual(['  ✓ good']);
    expect(painted.lines[0]).toContain('\u001b[32m✓');
  });
});
