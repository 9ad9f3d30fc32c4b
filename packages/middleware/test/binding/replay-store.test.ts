import { describe, expect, it } from '@jest/globals';
import { ProofMemory, type ReplayStore, RequestProofs } from '../../src/binding/replay-store.ts';

const key = 'the key of a client';

function open(maxEntries = 1000) {
  const clock = { nowMs: 0 };
  const memory = new ProofMemory({ maxEntries, now: () => clock.nowMs });
  const take = (name: string, jkt = key) => memory.take({ name, jkt, lifetimeMs: 1000 });
  return { clock, memory, take };
}

describe('proofs in memory', () => {
  it('are new once, and again only after their lifetime', () => {
    const { clock, take } = open();
    expect([take('a'), take('a'), take('b')]).toEqual(['first', 'again', 'first']);
    clock.nowMs = 999;
    expect(take('a')).toBe('again');
    clock.nowMs = 1000;
    expect(take('a')).toBe('first');
  });

  it('are removed after their lifetime', () => {
    const { clock, memory, take } = open(2000);
    for (let at = 0; at < 500; at += 1) take(`old-${at}`);
    clock.nowMs = 1000;
    take('new');
    expect(memory.size).toBe(1);
  });

  it('are not removed to make room: a key has as many as are still free', () => {
    const { clock, take } = open(6);
    for (const name of ['a', 'b', 'c']) expect(take(name)).toBe('first');
    expect([take('d'), take('a')]).toEqual(['full', 'again']);
    clock.nowMs = 1000;
    expect(take('d')).toBe('first');
  });

  it('of one key leave room for those of others', () => {
    const { memory, take } = open(1000);
    const taken = (jkt: string) =>
      Array.from({ length: 2000 }, (_, at) => take(`${jkt} ${at}`, jkt)).filter((answer) => answer === 'first').length;
    expect([taken('flood'), taken('second flood'), taken('third flood')]).toEqual([500, 250, 125]);
    expect(take('an honest proof', 'another client')).toBe('first');
    expect(memory.size).toBe(876);
  });

  it('are free again when they are released', () => {
    const { memory, take } = open(2);
    expect([take('a'), take('b')]).toEqual(['first', 'full']);
    memory.release('a');
    expect([take('b'), memory.size]).toEqual(['first', 1]);
  });
});

describe('proofs of requests, with a store for all processes', () => {
  const proof = (name: string) => ({ name, jkt: key, lifetimeMs: 1000 });
  function openWith(take: ReplayStore['take']) {
    const asked: string[] = [];
    const store: ReplayStore = {
      take: (name, lifetimeMs) => {
        asked.push(name);
        return take(name, lifetimeMs);
      },
      async close() {},
    };
    const memory = new ProofMemory({ maxEntries: 4, now: () => 0 });
    return { asked, proofs: new RequestProofs(memory, store) };
  }

  it('are not sent to it when this process has seen them, or when the key has no room left', async () => {
    const { asked, proofs } = openWith(() => 'first');
    const answers = [];
    for (const name of ['a', 'a', 'b', 'c']) answers.push(await proofs.take({}, proof(name)));
    expect({ answers, asked }).toEqual({ answers: ['first', 'again', 'first', 'full'], asked: ['a', 'b'] });
  });

  it.each([
    ['does not answer', async () => 'unknown' as const],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ])('may be sent again after the store %s', async (_what, take) => {
    const { asked, proofs } = openWith(take);
    const answer = async () => await proofs.take({}, proof('a'));
    const [one, two] = [await answer().catch(() => 'failed'), await answer().catch(() => 'failed')];
    expect(one).toBe(two);
    expect(asked).toEqual(['a', 'a']);
  });
});
