import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../../src/report/command-line.ts';

const parse = (...argv: string[]) => parseCommandLine(argv, ['a', 'b', 'h']);

describe('the command line', () => {
  it('plays every scene with 200 revocations when nothing is said', () => {
    expect(parse()).toEqual({ help: false, json: false, serve: false, only: undefined, revocations: 200 });
  });

  it('takes some scenes', () => {
    expect(parse('--only', 'a, h', '--json')).toMatchObject({ only: ['a', 'h'], json: true });
  });

  it('refuses a scene that there is none of, and an option it does not know', () => {
    expect(() => parse('--only', 'a,z')).toThrow('got z');
    expect(() => parse('--sever')).toThrow('--sever');
  });

  it.each(['0', '5001', '1.5', 'many', ''])('refuses %j revocations', (count) => {
    expect(() => parse('--revocations', count)).toThrow('1–5000');
  });

  it.each([1, 5000])('takes %i revocations', (count) => {
    expect(parse('--revocations', String(count)).revocations).toBe(count);
  });
});
