import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const boundHeap = new URL('../dist/bound-heap.js', import.meta.url).href;

/** Bytes of the young generation, and of the whole heap, in a process that allocates what survives for a while. */
function heapOf(start: string): { readonly young: number; readonly heap: number } {
  const code = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${start}
    let largest = 0;
    for (let turn = 0; turn < 400; turn++) {
      const kept = [];
      for (let index = 0; index < 20_000; index++) kept.push({ index, text: 'x' + index });
      largest = Math.max(largest, process.memoryUsage().heapTotal);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    console.log(JSON.stringify({ young, heap: largest }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const MiB = 1024 * 1024;

describe('the heap of a sidecar', () => {
  it('stays small where another one would grow', () => {
    const without = heapOf('');
    const bounded = heapOf(`import ${JSON.stringify(boundHeap)};`);
    expect(bounded.young).toBeLessThan(40 * MiB);
    expect({ ...bounded, isSmaller: bounded.heap < 0.8 * without.heap, without }).toMatchObject({ isSmaller: true });
  });
});
