import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const { default: Sequencer, slow } = await import(new URL('../scripts/test-sequencer.mjs', import.meta.url).href);

/** What jest passes, of files without times of an earlier run. */
const testsOf = (...paths: readonly string[]) =>
  paths.map((path) => ({ path, context: { config: { cache: false }, hasteFS: { getSize: () => path.length } } }));
const order = (tests: readonly object[]): string[] =>
  new Sequencer().sort(tests).map(({ path }: { readonly path: string }) => path);

describe('the order of the test files', () => {
  it('names only files that exist', () => {
    expect(slow.filter((path: string) => !existsSync(path))).toEqual([]);
  });

  it('starts the short files that take long first, and then the largest, where there are no times', () => {
    const [first, second] = slow;
    expect(order(testsOf('/a', `/${'long'.repeat(99)}`, second, first)).slice(2)).toEqual([
      `/${'long'.repeat(99)}`,
      '/a',
    ]);
    expect(new Set(order(testsOf('/a', second, first)).slice(0, 2))).toEqual(new Set([first, second]));
  });
});
