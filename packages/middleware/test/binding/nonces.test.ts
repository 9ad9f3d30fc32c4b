import { describe, expect, it } from '@jest/globals';
import { Nonces } from '../../src/binding/nonces.ts';

function open(secret = 'a secret', lifetimeMs = 10_000) {
  const clock = { nowMs: 1_000_000 };
  return { clock, nonces: new Nonces({ secret, lifetimeMs, now: () => clock.nowMs }) };
}

describe('nonces', () => {
  it('are good in their period, late in the next, and bad after it', () => {
    const { clock, nonces } = open();
    const nonce = nonces.current();
    expect(nonces.judge(nonce)).toBe('good');
    clock.nowMs += 9_999;
    expect(nonces.judge(nonce)).toBe('good');
    clock.nowMs += 1;
    expect(nonces.judge(nonce)).toBe('late');
    clock.nowMs += 9_999;
    expect(nonces.judge(nonce)).toBe('late');
    clock.nowMs += 1;
    expect(nonces.judge(nonce)).toBe('bad');
  });

  it('are the same for processes with the same secret', () => {
    expect(open().nonces.judge(open().nonces.current())).toBe('good');
    expect(open('another secret').nonces.judge(open().nonces.current())).toBe('bad');
  });

  it('are never empty', () => {
    expect(open().nonces.judge('')).toBe('bad');
  });
});
