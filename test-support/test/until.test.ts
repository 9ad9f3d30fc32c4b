import { describe, expect, it } from '@jest/globals';
import { until } from '../src/until.ts';

describe('until', () => {
  it('returns the first truthy value', async () => {
    const answers = [undefined, 0, '', 'ready', 'too late'];
    await expect(until(() => answers.shift(), { everyMs: 1, what: 'an answer' })).resolves.toBe('ready');
  });

  it('treats an error of the condition as "not yet"', async () => {
    let calls = 0;
    const condition = async (): Promise<boolean> => {
      calls += 1;
      if (calls < 3) throw new Error('connection refused');
      return true;
    };
    await expect(until(condition, { everyMs: 1, what: 'the server' })).resolves.toBe(true);
  });

  it('fails with the awaited state, the time and the last error', async () => {
    const refused = new Error('connection refused');
    const giveUp = until(() => Promise.reject(refused), { timeoutMs: 30, everyMs: 1, what: 'the server to listen' });
    await expect(giveUp).rejects.toThrow('timed out waiting for the server to listen after 30 ms');
    await expect(giveUp).rejects.toMatchObject({ cause: refused });
  });

  it('fails when the condition never settles', async () => {
    const never = (): Promise<boolean> => new Promise(() => undefined);
    await expect(until(never, { timeoutMs: 30, what: 'an answer' })).rejects.toThrow('an answer');
  });

  it('calls the condition once with a timeout of 0', async () => {
    await expect(until(() => 'there', { timeoutMs: 0, what: 'it' })).resolves.toBe('there');
  });
});
