import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CausalProof } from '../../src/replication/causal-proof.ts';

/** One read of the log: when it was sent, whether it reached the end, whether it showed a heartbeat. */
type Read = readonly [sentAtMs: number, reachedEnd: boolean, showedHeartbeat: boolean];
const provenBy = (...reads: readonly Read[]): (number | undefined)[] => {
  const proof = new CausalProof();
  return reads.map((read) => proof.afterRead(...read));
};

describe('a heartbeat', () => {
  it.each<[string, Read[], (number | undefined)[]]>([
    ['in the first read of a connection proves nothing', [[10, true, true]], [undefined]],
    [
      'proves the time before the last read that reached the end without it',
      [
        [10, true, false],
        [510, true, false],
        [1010, true, true],
      ],
      [undefined, undefined, 510],
    ],
    [
      'after another one proves the time before the read of that one',
      [
        [10, true, true],
        [510, true, true],
        [1010, true, true],
      ],
      [undefined, 10, 510],
    ],
    [
      'deep in a backlog is not credited with the time at which it was read',
      [
        [10, true, false],
        [60_000, false, true],
        [60_010, false, true],
        [60_020, true, true],
        [60_030, true, true],
      ],
      [undefined, 10, 10, 10, 60_020],
    ],
    [
      'of a primary cut off long ago, read only now, proves nothing of now',
      [
        [10, true, false],
        [60_000, true, true],
      ],
      [undefined, 10],
    ],
    [
      'after reads that never reached the end proves nothing',
      [
        [10, false, false],
        [20, false, true],
        [30, false, true],
      ],
      [undefined, undefined, undefined],
    ],
  ])('%s', (_, reads, expected) => {
    expect(provenBy(...reads)).toEqual(expected);
  });

  it('is needed: reads that show none prove nothing, however often they reach the end', () => {
    expect(provenBy([10, true, false], [20, true, false], [30, true, false])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('proves no time at which it was not yet written, and none later than a read that could have shown it', () => {
    // A log that grows, and a reader that is slow: the truth is known here.
    const schedule = fc.array(fc.record({ pauseMs: fc.integer({ min: 1, max: 900 }), beat: fc.boolean() }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 3 }), (steps, batch) => {
        const proof = new CausalProof();
        const log: { writtenAtMs: number; heartbeat: boolean }[] = [];
        let nowMs = 0;
        let read = 0;
        for (const { pauseMs, beat } of steps) {
          nowMs += pauseMs;
          log.push({ writtenAtMs: nowMs, heartbeat: beat });
          if (pauseMs % 3 === 0) continue;
          const shown = log.slice(read, read + batch);
          read += shown.length;
          const proven = proof.afterRead(
            nowMs,
            shown.length < batch,
            shown.some((entry) => entry.heartbeat),
          );
          if (proven === undefined) continue;
          // Everything written up to the proven moment has been read.
          expect(log.slice(read).every((entry) => entry.writtenAtMs > proven)).toBe(true);
          expect(shown.some((entry) => entry.heartbeat && entry.writtenAtMs > proven)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
