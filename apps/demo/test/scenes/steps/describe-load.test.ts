import { describe, expect, it } from '@jest/globals';
import { createNarrator } from '../../../src/report/narrator.ts';
import { describeLoad } from '../../../src/scenes/steps/describe-load.ts';

function linesFor(lagsMs: readonly number[]): string {
  const lines: string[] = [];
  const narrator = createNarrator({
    write: (line) => lines.push(line),
    colours: false,
    columns: 200,
    every: () => ({ stop: () => undefined }),
  });
  describeLoad(narrator, {
    samples: new Map([['api-1', [4, 5, 6]]]),
    result: { requests: 3, requestsPerSecond: 200, statuses: new Map([[401, 3]]), lagsMs, acceptedAfterRefusal: 0 },
    measured: { histogram: { count: 3, p50Ms: 4, p99Ms: 6 }, causes: {}, exposed: 0, leaked: 0 },
  });
  return lines.join('\n');
}

describe('the description of the load', () => {
  it('shows the lag of the generator beside the figures', () => {
    expect(linesFor([1, 2])).toMatch(/^ +generator lag +1\.0 +2\.0 +2\.0$/m);
  });

  it('says that the machine was busy when the generator was late, and only then', () => {
    expect(linesFor([1, 16])).toContain('The generator itself was late (p99 16.0 ms)');
    expect(linesFor([1, 15])).not.toContain('The generator itself was late');
  });
});
