import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { StoreError } from '../../src/index.ts';
import { grantRevoked } from '../../src/oidc-provider/end-events.ts';
import { askStore } from '../../src/oidc-provider/unfinished-ends.ts';

const down = () => Promise.reject(new StoreError('store_unavailable', 'the store is down'));
const hangs = () => new Promise<boolean>(() => undefined);

describe('askStore', () => {
  /** @param answers one for each question to the store, in order; the last one also for all further questions. */
  function ask(...answers: (() => Promise<boolean>)[]) {
    const clock = new FakeClock();
    let questions = 0;
    const isReported = askStore(
      {
        isReported: async () => {
          const answer = answers[Math.min(questions, answers.length - 1)] ?? down;
          questions += 1;
          return await answer();
        },
      },
      clock,
    );
    return { clock, questions: () => questions, isReported: () => isReported(grantRevoked('g')) };
  }

  it('waits 300 ms for a store that hangs, and does not ask it again for 5 s', async () => {
    const { clock, questions, isReported } = ask(hangs, async () => true);
    let isAnswered = false;
    const first = isReported().then((answer) => {
      isAnswered = true;
      return answer;
    });
    await clock.advance(299);
    expect(isAnswered).toBe(false);
    await clock.advance(1);
    expect(await first).toBe(false);
    expect(await isReported()).toBe(false);
    await clock.advance(4999);
    expect([await isReported(), questions()]).toEqual([false, 1]);
    await clock.advance(1);
    expect([await isReported(), questions()]).toEqual([true, 2]);
  });

  it('does not ask a store again for 5 s that is down', async () => {
    const { clock, questions, isReported } = ask(down, async () => true);
    expect([await isReported(), await isReported(), questions()]).toEqual([false, false, 1]);
    await clock.advance(5000);
    expect(await isReported()).toBe(true);
  });

  it('passes another error on: it is a fault of the program', async () => {
    const { isReported } = ask(() => Promise.reject(new TypeError('a bug')));
    await expect(isReported()).rejects.toThrow('a bug');
  });
});
