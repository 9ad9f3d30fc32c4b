import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const boundHeap = new URL('../dist/bound-heap.js', import.meta.url).href;

/** Bytes of the young generation in a process that allocates what survives for a while. */
function youngBytesOf(start: string): number {
  const code = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${start}
    for (let turn = 0; turn < 400; turn++) {
      const kept = [];
      for (let index = 0; index < 20_000; index++) kept.push({ index, text: 'x' + index });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    console.log(young);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return Number(stdout);
}

describe('the young generation of a sidecar', () => {
  it('stays small where that of another process grows', () => {
    const without = youngBytesOf('');
    const bounded = youngBytesOf(`import ${JSON.stringify(boundHeap)};`);
    expect(bounded).toBeGreaterThan(0);
    expect(bounded).toBeLessThan(without / 2);
  });
});
