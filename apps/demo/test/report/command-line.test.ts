import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from '../../src/report/command-line.ts';

const parse = (...argv: string[]) => parseCommandLine(argv, ['a', 'b', 'h']);

describe('the command line', () => {
  it('selects all scenes with 200 revocations by default', () => {
    expect(parse()).toEqual({ help: false, json: false, serve: false, only: undefined, revocations: 200 });
  });

  it('selects the scenes of --only', () => {
    expect(parse('--only', 'a, h', '--json')).toMatchObject({ only: ['a', 'h'], json: true });
  });

  it('rejects an unknown scene and an unknown option', () => {
    expect(() => parse('--only', 'a,z')).toThrow('found z');
    expect(() => parse('--sever')).toThrow('--sever');
  });

  it.each(['0', '5001', '1.5', 'many', ''])('rejects %j revocations', (count) => {
    expect(() => parse('--revocations', count)).toThrow('1–5000');
  });

  it.each([1, 5000])('accepts %i revocations', (count) => {
    expect(parse('--revocations', String(count)).revocations).toBe(count);
  });
});
