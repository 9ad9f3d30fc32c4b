import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { decodeRememberedLog, encodeRememberedLog } from '../../src/codec/remembered-log.ts';
import type { FeedPosition } from '../../src/log/feed.ts';
import { LogMemory } from '../../src/replication/log-memory.ts';

const at = (number: number, epoch = 'aaaaaaaaaaaaaaaa'): FeedPosition => ({
  epoch,
  head: String(number).padStart(16, '0'),
  cursor: `${number}-0`,
  healing: false,
  maxTokenLifetimeSeconds: 86_400,
  minReader: 1,
});
const rule = { seq: 3, cursor: '3-0', head: '0000000000000003' };

describe('what a sidecar remembers of its log', () => {
  it('is its last position, one that is five to ten seconds older, and the last entry that changed a rule', async () => {
    const clock = new FakeClock();
    const memory = new LogMemory(clock);
    memory.remember(at(1), rule);
    for (let number = 2; number <= 40; number += 1) {
      await clock.advance(500);
      memory.remember(at(number), undefined);
    }
    const { position, earlier, rule: remembered } = memory.latest ?? {};
    expect({ position: position?.cursor, remembered }).toEqual({ position: '40-0', remembered: rule });
    const ageMs = (40 - Number(earlier?.cursor.split('-')[0])) * 500;
    expect(ageMs).toBeGreaterThanOrEqual(4500);
    expect(ageMs).toBeLessThanOrEqual(10_000);
  });

  it.each([
    ['the process was not fresh', 12_000, 0],
    ['its host slept', 500, 90_000],
  ])('has no earlier position from before an interruption: %s', async (_name, ms, sleptMs) => {
    const clock = new FakeClock();
    const memory = new LogMemory(clock);
    for (let number = 1; number <= 40; number += 1) {
      memory.remember(at(number), undefined);
      await clock.advance(500);
    }
    expect(memory.latest?.earlier).toBeDefined();
    await clock.advance(ms);
    clock.jumpWall(sleptMs);
    memory.remember(at(200), undefined);
    await clock.advance(5000);
    expect(memory.latest?.earlier).toBeUndefined();
    memory.remember(at(210), undefined);
    expect(memory.latest?.earlier?.cursor).toBe('200-0');
  });

  it('has no earlier position from before the process started', () => {
    const remembered = { epoch: at(1).epoch, position: { cursor: '9-0', head: at(9).head } };
    const earlier = { cursor: '1-0', head: at(1).head };
    const memory = new LogMemory(new FakeClock(), { ...remembered, earlier });
    expect(memory.latest?.earlier).toEqual(earlier);
    memory.remember(at(200), undefined);
    expect(memory.latest).toEqual({ ...remembered, position: { cursor: '200-0', head: at(200).head } });
  });

  it('keeps only the last position once its entry is known to be lost', async () => {
    const clock = new FakeClock();
    const memory = new LogMemory(clock);
    memory.remember(at(1), rule);
    await clock.advance(5000);
    memory.remember(at(11), undefined);
    expect(memory.latest).toMatchObject({ earlier: { cursor: '1-0' }, rule });
    memory.forgetRule();
    expect(memory.latest).toEqual({ epoch: at(1).epoch, position: { cursor: '11-0', head: at(11).head } });
  });

  it('is forgotten with the epoch, except the identity of the log, which outlives it', () => {
    const memory = new LogMemory(new FakeClock());
    memory.remember({ ...at(1), identity: '1111111111111111' }, rule);
    memory.remember(at(2, 'bbbbbbbbbbbbbbbb'), undefined);
    expect(memory.latest).toEqual({
      epoch: 'bbbbbbbbbbbbbbbb',
      identity: '1111111111111111',
      position: { cursor: '2-0', head: at(2).head },
    });
  });

  it('takes the identity that the log of this epoch is given, and keeps it', () => {
    const memory = new LogMemory(new FakeClock());
    memory.remember(at(1), undefined);
    memory.named('bbbbbbbbbbbbbbbb', '1111111111111111');
    memory.named(at(1).epoch, '');
    expect(memory.latest?.identity).toBeUndefined();
    memory.named(at(1).epoch, '1111111111111111');
    memory.named('bbbbbbbbbbbbbbbb', '2222222222222222');
    memory.remember(at(2), undefined);
    expect(memory.latest?.identity).toBe('1111111111111111');
  });

  it('takes the identity of a log, also where it remembers another one from before the log was lost', () => {
    const memory = new LogMemory(new FakeClock());
    memory.remember({ ...at(1), identity: '1111111111111111' }, undefined);
    memory.remember(at(2, 'bbbbbbbbbbbbbbbb'), undefined);
    memory.named('bbbbbbbbbbbbbbbb', '2222222222222222');
    expect(memory.latest?.identity).toBe('2222222222222222');
  });

  it('is the same after it was written and read', () => {
    const clock = new FakeClock();
    const memory = new LogMemory(clock);
    memory.remember({ ...at(7), identity: '1111111111111111' }, rule);
    expect(decodeRememberedLog(encodeRememberedLog(memory.latest!))).toEqual(memory.latest);
  });
});

describe('a text that is read as such a memory', () => {
  const whole = { v: 1, epoch: 'aaaaaaaaaaaaaaaa', position: { cursor: '1-0', head: 'bbbbbbbbbbbbbbbb' } };
  it.each<[string, unknown, RegExp]>([
    ['no JSON', undefined, /JSON object/],
    ['another version', { ...whole, v: 2 }, /version 1/],
    ['another epoch', { ...whole, epoch: 'x' }, /^epoch/],
    ['no position', { ...whole, position: {} }, /^position/],
    ['another cursor', { ...whole, position: { cursor: '*', head: 'bbbbbbbbbbbbbbbb' } }, /^position/],
    ['another identity', { ...whole, identity: 5 }, /^identity/],
    ['a rule without a number', { ...whole, rule: whole.position }, /^rule/],
    ['another earlier position', { ...whole, earlier: [] }, /^earlier/],
    ['too many characters', { ...whole, more: 'x'.repeat(5000) }, /at most 4096/],
  ])('%s is refused', (_name, value, reason) => {
    expect(decodeRememberedLog(JSON.stringify(value) ?? 'x')).toMatch(reason);
  });
});
