import { describe, expect, it } from '@jest/globals';
import { createNarrator } from '../../src/report/narrator.ts';

function listen(colours = false) {
  const lines: string[] = [];
  let tick: (() => void) | undefined;
  const narrator = createNarrator({
    write: (line) => lines.push(line),
    colours,
    columns: 60,
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
    expect(lines).toEqual(['    … logging in 200 people (2 s)', '    … logging in 200 people: 120 of 200 (4 s)']);
    expect(isTicking()).toBe(false);
  });

  it('stops when the work fails, and rethrows the error', async () => {
    const { narrator, isTicking } = listen();
    await expect(narrator.during('x', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(isTicking()).toBe(false);
  });

  it('wraps each kind of line at the width of the terminal, under its own text', () => {
    const { lines, narrator } = listen();
    const long = 'one word after another until the line is longer than the terminal is wide';
    narrator.say(long);
    narrator.verdict(true, long);
    narrator.block([long]);
    expect(lines.map((line) => line.slice(0, 7))).toEqual([
      '    one',
      '    ter',
      '  ✓ one',
      '    ter',
      '      o',
      '      t',
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
    expect(
      lines
        .slice(0, 2)
        .map((line) => line.trim())
        .join(' '),
    ).toBe(long);
  });

  it('uses colours only when they are enabled', () => {
    const [plain, painted] = [listen(false), listen(true)];
    for (const { narrator } of [plain, painted]) narrator.verdict(true, 'good');
    expect(plain.lines).toEqual(['  ✓ good']);
    expect(painted.lines[0]).toContain('\u001b[32m✓');
  });
});
