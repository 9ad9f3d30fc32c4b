import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { compileWhenBusy } from '../src/compile-when-busy.ts';

/** A process with a steady load, and when its compilers were turned on and off. */
function givenProcess() {
  const clock = new FakeClock();
  const startedAtMs = clock.monotonicMs();
  const turned: [isOn: boolean, atMs: number][] = [];
  const process = { usedMs: 200 };
  const stop = new AbortController();
  const ended = compileWhenBusy({
    clock,
    cpuMs: () => process.usedMs,
    compile: (isOn) => turned.push([isOn, clock.monotonicMs() - startedAtMs]),
    signal: stop.signal,
  });
  const useFor = async (seconds: number, cpuMsPerSecond: number) => {
    for (let second = 0; second < seconds; second++) {
      process.usedMs += cpuMsPerSecond;
      await clock.advance(1000);
    }
  };
  return { clock, turned, stop, ended, useFor };
}

it('a sidecar without load does not compile', async () => {
  const { turned, useFor } = givenProcess();
  await useFor(600, 4);
  expect(turned).toEqual([[false, 0]]);
});

it('a scrape every 15 s, of 50 ms, is no load', async () => {
  const { turned, useFor } = givenProcess();
  for (let scrape = 0; scrape < 20; scrape++) {
    await useFor(14, 4);
    await useFor(1, 50);
  }
  expect(turned).toEqual([[false, 0]]);
});

it('compiles within four seconds of load, for good', async () => {
  const { clock, turned, ended, useFor } = givenProcess();
  await useFor(7, 4);
  await useFor(4, 6);
  await ended;
  await useFor(60, 4);
  expect(turned.map(([isOn]) => isOn)).toEqual([false, true]);
  expect(turned[1]![1]).toBeLessThanOrEqual(11_000);
  expect(clock.sleeping).toBe(0);
});

it('reads no processor time after it was stopped', async () => {
  const { clock, turned, stop, ended, useFor } = givenProcess();
  stop.abort();
  await ended;
  await useFor(20, 1000);
  expect(turned).toEqual([[false, 0]]);
  expect(clock.sleeping).toBe(0);
});

const program = new URL('../dist/compile-when-busy.js', import.meta.url).href;

/** Whether V8 optimises a function that is called often, after `start`. */
function isOptimised(start: string): boolean {
  const code = `
    import { setCompilers } from ${JSON.stringify(program)};
    ${start}
    function sum(values) { let total = 0; for (const value of values) total += value; return total; }
    const values = Array.from({ length: 100 }, (_, index) => index);
    for (let turn = 0; turn < 50; turn++) {
      for (let call = 0; call < 2000; call++) sum(values);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Maglev or TurboFan.
    console.log((%GetOptimizationStatus(sum) & (1 << 4 | 1 << 5)) !== 0);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--allow-natives-syntax', '--input-type=module', '-e', code],
    { encoding: 'utf8' },
  );
  // V8 reports an option that it does not have.
  if (stderr !== '') throw new Error(stderr);
  return stdout === 'true\n';
}

it('the options of V8 have this effect', () => {
  expect(isOptimised('')).toBe(true);
  expect(isOptimised('setCompilers(false);')).toBe(false);
  expect(isOptimised('setCompilers(false); setCompilers(true);')).toBe(true);
});
