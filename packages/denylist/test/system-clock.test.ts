import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { buildSync } from 'esbuild';
import * as real from '../src/system-clock.ts';

afterEach(() => {
  jest.useRealTimers();
});

async function loadedUnderFakeTimers(): Promise<typeof real> {
  jest.useFakeTimers();
  jest.resetModules();
  return import('../src/system-clock.ts');
}

describe.each<[string, () => Promise<typeof real>]>([
  ['loaded before fake timers', async () => real],
  ['loaded after fake timers', loadedUnderFakeTimers],
])('the clock of this machine, %s', (_when, load) => {
  it('goes on while timers are faked, and when they are real again', async () => {
    const { systemClock, afterTurn } = await load();
    jest.useFakeTimers();
    const startedAtMs = systemClock.monotonicMs();
    await systemClock.sleep(2);
    await new Promise<void>(afterTurn);
    const fakedAtMs = systemClock.monotonicMs();
    expect(fakedAtMs - startedAtMs).toBeGreaterThan(0);
    jest.advanceTimersByTime(3_600_000);
    expect(systemClock.monotonicMs() - fakedAtMs).toBeLessThan(60_000);
    jest.useRealTimers();
    await systemClock.sleep(2);
    const goneMs = systemClock.monotonicMs() - fakedAtMs;
    expect(goneMs).toBeGreaterThan(0);
    expect(goneMs).toBeLessThan(60_000);
  });

  it('has the wall time that a test sets, because it is compared with the claims of its tokens', async () => {
    const { systemClock } = await load();
    jest.useFakeTimers({ now: 1_000_000 });
    expect(systemClock.wallMs()).toBe(1_000_000);
  });

  it('ends a sleep that is cut short', async () => {
    const { systemClock } = await load();
    jest.useFakeTimers();
    const abort = new AbortController();
    const sleep = systemClock.sleep(3_600_000, abort.signal);
    abort.abort();
    expect(await sleep).toBeUndefined();
  });
});

it('keeps a process alive that loads it under fake timers and waits for it', () => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/system-clock.ts', import.meta.url))],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  const script = `
    globalThis.setTimeout = Object.assign(() => {}, { clock: {} });
    ${outputFiles[0]?.text}
    module.exports.systemClock.sleep(20, undefined, true).then(() => console.log('slept'));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--eval', script], { encoding: 'utf8' });
  expect({ stdout, stderr }).toEqual({ stdout: 'slept\n', stderr: '' });
});

it('draws different random bytes in every call, also where the drawn ones are used up', () => {
  const sizes = [8, 16, 3, 512, 1, 511, 2, 8];
  const names = Array.from({ length: 400 }, (_, call) => real.randomHex(sizes[call % sizes.length]!));
  expect(names.map((name) => name.length)).toEqual(names.map((_, call) => 2 * sizes[call % sizes.length]!));
  // 16 bytes: shorter ones repeat by chance.
  const long = Array.from({ length: 400 }, () => real.randomHex(16));
  expect(new Set(long).size).toBe(long.length);
  for (const name of long) expect(name).toMatch(/^[0-9a-f]{32}$/);
});
