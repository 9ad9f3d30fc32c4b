import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { TimeLimit } from '../../../src/redis/connection/time-limit.ts';

function givenLimit(timeoutMs: number) {
  const clock = new FakeClock();
  const limit = new TimeLimit(clock, timeoutMs);
  const ends: string[] = [];
  const startedAtMs = clock.monotonicMs();
  const wait = (name: string, promised: Promise<unknown>) => {
    const note = (end: string) => ends.push(`${name} ${end} at ${clock.monotonicMs() - startedAtMs}`);
    limit
      .await(promised, () => new Error('late'))
      .then(
        () => note('answered'),
        (error: Error) => note(error.message),
      );
  };
  return { clock, ends, wait };
}
const never = new Promise(() => {});

describe('the time limit of a connection', () => {
  it('ends each wait when its own time is up', async () => {
    const { clock, ends, wait } = givenLimit(1000);
    wait('first', never);
    await clock.advance(400);
    wait('second', never);
    await clock.advance(2000);
    expect(ends).toEqual(['first late at 1000', 'second late at 1400']);
  });

  it('passes on answers and failures that come in time', async () => {
    const { clock, ends, wait } = givenLimit(1000);
    wait('answer', Promise.resolve());
    wait('failure', Promise.reject(new Error('refused')));
    await clock.advance(0);
    expect(ends).toEqual(['answer answered at 0', 'failure refused at 0']);
    await clock.advance(2000);
    expect(ends).toHaveLength(2);
  });

  it('holds for a wait that begins after a pause without any', async () => {
    const { clock, ends, wait } = givenLimit(1000);
    wait('answer', Promise.resolve());
    await clock.advance(5000);
    expect(clock.sleeping).toBe(0);
    wait('late', never);
    await clock.advance(1000);
    expect(ends.at(-1)).toBe('late late at 6000');
  });

  it('needs one timer for many waits', async () => {
    const { clock, wait } = givenLimit(1000);
    for (let n = 0; n < 100; n++) wait(`${n}`, n % 2 === 0 ? never : Promise.resolve());
    await clock.advance(500);
    expect(clock.sleeping).toBe(1);
  });
});
