import { describe, expect, it } from '@jest/globals';
import { Nonces } from '../../src/binding/nonces.ts';

function open(secret = 'a secret', lifetimeMs = 10_000) {
  const clock = { nowMs: 1_000_000 };
  return { clock, nonces: new Nonces({ secret, lifetimeMs, now: () => clock.nowMs }) };
}

describe('nonces', () => {
  it.each([
    [0, 'good'],
    [5000, 'good'],
    [6000, 'late'],
    [10_000, 'late'],
    [11_000, 'bad'],
    // Made by a process whose clock is ahead.
    [-5000, 'good'],
    [-11_000, 'bad'],
  ])('are, %d ms after they were made and with a lifetime of 10 s, %s', (ageMs, expected) => {
    const { clock, nonces } = open();
    const nonce = nonces.current();
    clock.nowMs += ageMs;
    expect(nonces.judge(nonce)).toBe(expected);
  });

  it.each(['.', 'x', '-1.', '1e9.abc', `${'z'.repeat(9)}.abc`])('are not what a client invents: %s', (invented) => {
    expect(open().nonces.judge(invented)).toBe('bad');
  });

  it('are the same for processes with the same secret', () => {
    expect(open().nonces.judge(open().nonces.current())).toBe('good');
    expect(open('another secret').nonces.judge(open().nonces.current())).toBe('bad');
  });

  it('are never empty', () => {
    expect(open().nonces.judge('')).toBe('bad');
  });
});
