import { describe, expect, it } from '@jest/globals';
import { parts, readCommandLine } from '../src/command-line.ts';

const read = (...argv: string[]) => readCommandLine(argv);

describe('the command line of the bench', () => {
  it('measures every part with its own sizes', () => {
    expect(read()).toEqual({
      help: false,
      json: false,
      quick: false,
      only: [...parts],
      rounds: undefined,
      rules: undefined,
    });
  });

  it('measures what was asked for, in the order of the bench and once', () => {
    expect(read('--only', 'http,micro').only).toEqual(['micro', 'http']);
    expect(read('--only=http', '--http', '--sizes').only).toEqual(['sizes', 'http']);
    expect(read('--kid-flood').only).toEqual(['flood']);
  });

  it('takes rounds and rules at their bounds', () => {
    expect(read('--rounds', '1', '--rules', '0')).toMatchObject({ rounds: 1, rules: 0 });
    expect(read('--rounds=50', '--rules=20000000')).toMatchObject({ rounds: 50, rules: 20_000_000 });
  });

  it.each([
    ['--round'],
    ['--rounds'],
    ['--rounds', '0'],
    ['--rounds', '51'],
    ['--rounds', '1.5'],
    ['--rounds='],
    ['--rules', '20000001'],
    ['--only', 'htp'],
    ['--only', ''],
    ['http'],
  ])('refuses %s %s', (...argv) => {
    expect(() => read(...argv)).toThrow(RangeError);
  });
});
