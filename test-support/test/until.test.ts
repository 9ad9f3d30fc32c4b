import { describe, expect, it } from '@jest/globals';
import { until } from '../src/until.ts';

describe('until', () => {
  it('returns the first truthy answer', async () => {
    const answers = [undefined, 0, '', 'ready', 'too late'];
    await expect(until(() => answers.shift(), { everyMs: 1, what: 'an answer' })).resolves.toBe('ready');
  });

  it('takes a condition that throws for "not yet"', async () => {
    let calls = 0;
    const condition = async (): Promise<boolean> => {
      calls += 1;
      if (calls < 3) throw new Error('connection refused');
      return true;
    };
    await expect(until(condition, { everyMs: 1, what: 'the server' })).resolves.toBe(true);
  });

  it('gives up with what it waited for, how long, and the last error', async () => {
    const refused = new Error('connection refused');
    const giveUp = until(() => Promise.reject(refused), { timeoutMs: 30, everyMs: 1, what: 'the server to listen' });
    await expect(giveUp).rejects.toThrow('gave up waiting for the server to listen after 30 ms');
    await expect(giveUp).rejects.toMatchObject({ cause: refused });
  });

  it('gives up on a condition that never settles', async () => {
    const never = (): Promise<boolean> => new Promise(() => undefined);
    await expect(until(never, { timeoutMs: 30, what: 'the end of days' })).rejects.toThrow('the end of days');
  });

  it('asks once even without any time', async () => {
    await expect(until(() => 'there', { timeoutMs: 0, what: 'it' })).resolves.toBe('there');
  });
});
