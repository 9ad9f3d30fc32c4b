import { generateKeyPairSync } from 'node:crypto';
import { setImmediate as settle } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type VerificationKey, verificationKey } from '../../src/jwks/verification-key.ts';
import { SlowChecks } from '../../src/token/slow-checks.ts';

const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const keyOf = (thumbprint: string): VerificationKey =>
  verificationKey({ key: publicKey, thumbprint, algorithms: ['ES384'] });
const signed = { text: 'a.b.c', signingInput: 'a.b', signature: Buffer.alloc(96) };

/** Checks that the test ends. */
function open({ maxRunning = 2, maxWaiting = 8 } = {}) {
  const running: {
    readonly key: string;
    readonly end: (isGenuine: boolean) => void;
    readonly fail: (error: Error) => void;
  }[] = [];
  const started: string[] = [];
  const checks = new SlowChecks({
    check: (_signed, _alg, { thumbprint }) =>
      new Promise((end, fail) => {
        started.push(thumbprint);
        running.push({ key: thumbprint, end, fail });
      }),
    maxRunning,
    maxWaiting,
  });
  const check = async (thumbprint: string) => checks.verify(signed, 'ES384', keyOf(thumbprint));
  const endFirst = async (isGenuine = true) => {
    running.shift()?.end(isGenuine);
    await settle();
  };
  return { check, running, started, endFirst, checks };
}

describe('checks of slow signatures', () => {
  it('run two at a time, and give each its own answer', async () => {
    const { check, running, endFirst } = open();
    const answers = [check('a'), check('a'), check('a'), check('a')];
    await settle();
    expect(running.length).toBe(2);
    for (const isGenuine of [true, false, false, true]) {
      await endFirst(isGenuine);
      expect(running.length).toBeLessThanOrEqual(2);
    }
    expect(await Promise.all(answers)).toEqual([true, false, false, true]);
    const next = check('a');
    await settle();
    await endFirst();
    expect(await next).toBe(true);
  });

  it('take turns between keys, so that a flood of one key delays another by one check', async () => {
    const { check, started, endFirst } = open({ maxRunning: 1 });
    for (let at = 0; at < 4; at += 1) void check('flood');
    void check('b');
    void check('c');
    await settle();
    for (let at = 0; at < 5; at += 1) await endFirst();
    expect(started).toEqual(['flood', 'flood', 'b', 'c', 'flood', 'flood']);
  });

  it('are throttled for the key that floods, while there is room for others', async () => {
    const { check, endFirst, started } = open({ maxRunning: 1, maxWaiting: 8 });
    const flood = Array.from({ length: 100 }, () => check('flood'));
    await settle();
    // One runs; of eight places, the flood takes half.
    expect(await Promise.all(flood.slice(5))).toEqual(Array(95).fill('throttled'));
    const other = check('other');
    await settle();
    await endFirst();
    await endFirst();
    await endFirst();
    expect(started.slice(0, 3)).toEqual(['flood', 'flood', 'other']);
    expect(await other).toBe(true);
  });

  it('never wait in a greater number than there are places', async () => {
    const { check } = open({ maxRunning: 1, maxWaiting: 8 });
    const all = Array.from({ length: 100 }, (_, at) => check(`key-${at}`));
    await settle();
    const throttled = (await Promise.all(all.map((each) => Promise.race([each, 'waits'])))).filter(
      (answer) => answer === 'throttled',
    );
    expect(throttled.length).toBe(100 - 1 - 8);
  });

  it('free their place when one fails', async () => {
    const { check, running } = open({ maxRunning: 1 });
    const failing = check('a');
    const next = check('a');
    await settle();
    running.shift()?.fail(new Error('no memory'));
    await expect(failing).rejects.toThrow('no memory');
    await settle();
    running.shift()?.end(true);
    expect(await next).toBe(true);
  });

  it('do not run for a signature of another length', async () => {
    const { checks, running } = open();
    const shorter = { ...signed, signature: Buffer.alloc(95) };
    expect(await checks.verify(shorter, 'ES384', keyOf('a'))).toBe(false);
    expect(running).toEqual([]);
  });
});
