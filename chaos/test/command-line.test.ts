import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from '../src/command-line.ts';

const read = (...argv: string[]) => readCommandLine(argv, () => 7);

describe('the command line of the suite', () => {
  it('selects every fault once and two random minutes, with a random seed', () => {
    expect(read()).toMatchObject({ only: [''], repeat: 1, seeds: 1, minutes: 2, firstSeed: 7, jobs: 2, json: false });
  });

  it('selects no random run with --only, unless --minutes is given', () => {
    expect(read('--only', 'failover,lifts')).toMatchObject({ only: ['failover', 'lifts'], minutes: 0 });
    expect(read('--only=failover', '--minutes=1')).toMatchObject({ minutes: 1 });
  });

  it('reads the options of a long run', () => {
    expect(read('--seeds', '5', '--minutes', '10', '--seed', '3', '--json')).toMatchObject({
      seeds: 5,
      minutes: 10,
      firstSeed: 3,
      json: true,
    });
  });

  it('reads --soak with at least one minute', () => {
    expect(read('--soak', '30')).toMatchObject({ soak: 30 });
    expect(read()).toMatchObject({ soak: undefined });
    expect(() => read('--soak', '0')).toThrow(RangeError);
  });

  it.each([['--seed'], ['--sed', '1'], ['--minutes', '-1'], ['--jobs', '0'], ['--seeds', 'many']])(
    'rejects %s %s',
    (...argv) => {
      expect(() => read(...argv)).toThrow(RangeError);
    },
  );
});
