import { describe, expect, it } from '@jest/globals';
import { help, parts, readCommandLine } from '../src/command-line.ts';

const read = (...argv: string[]) => readCommandLine(argv);

describe('the command line of the bench', () => {
  it('selects all parts with their default sizes', () => {
    expect(read()).toEqual({
      help: false,
      json: false,
      quick: false,
      only: [...parts],
      node: undefined,
      rounds: undefined,
      rules: undefined,
      algorithms: undefined,
      contenders: undefined,
    });
  });

  it('selects the given parts once, in the order of the bench', () => {
    expect(read('--only', 'http,micro').only).toEqual(['micro', 'http']);
    expect(read('--only=http', '--http', '--sizes').only).toEqual(['sizes', 'http']);
    expect(read('--kid-flood', '--attack').only).toEqual(['flood', 'attack']);
  });

  it('accepts rounds and rules at their bounds', () => {
    expect(read('--rounds', '1', '--rules', '0')).toMatchObject({ rounds: 1, rules: 0 });
    expect(read('--rounds=50', '--rules=20000000')).toMatchObject({ rounds: 50, rules: 20_000_000 });
  });

  it.each(['20', '22', '24', '26'])('accepts version %s of Node', (line) => {
    expect(read('--node', line).node).toBe(line);
  });

  it('accepts lists of algorithms and of words for contenders', () => {
    expect(read('--algorithms', 'ES256,RS256', '--contenders=revocast,sha-256')).toMatchObject({
      algorithms: ['ES256', 'RS256'],
      contenders: ['revocast', 'sha-256'],
    });
  });

  it('documents every option', () => {
    for (const option of ['--node', '--algorithms', '--contenders', '--rounds', '--rules'])
      expect(help).toContain(option);
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
    ['--node'],
    ['--node', '21'],
    ['--node', '20,24'],
    ['--algorithms', 'HS256'],
  ])('rejects %s %s', (...argv) => {
    expect(() => read(...argv)).toThrow(RangeError);
  });
});
