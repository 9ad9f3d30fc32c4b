import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { type FileLock, lockFile, stillMs } from '../../../src/embedded/file/lock.ts';
import { type ProcessPlace, placeOfThisProcess } from '../../../src/embedded/file/lock-holder.ts';

const nowhere = 2 ** 22 + 1;
let dir: string;
let path: string;
let clock: FakeClock;
let here: ProcessPlace;
const held: FileLock[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-lock-'));
  path = join(dir, 'log');
  clock = new FakeClock();
  here = await placeOfThisProcess();
});
afterEach(async () => {
  await Promise.all(held.splice(0).map((lock) => lock.release()));
  await rm(dir, { recursive: true, force: true });
});

const lock = async (place?: ProcessPlace) => {
  const taken = await lockFile(path, { clock, place });
  held.push(taken);
  return taken;
};
const leave = (holder: object, beats = '000000000001') =>
  writeFile(`${path}.lock`, `${JSON.stringify({ nonce: '0123456789abcdef', ...holder })}\n${beats}\n`);
/** Steps the clock until a promise settles. @returns how long that took, and the outcome. */
async function settle(promised: Promise<unknown>): Promise<{ ms: number; outcome: string }> {
  let outcome: string | undefined;
  promised.then(
    () => {
      outcome = 'locked';
    },
    (error: Error) => {
      outcome = error.message;
    },
  );
  const fromMs = clock.monotonicMs();
  for (let turn = 0; turn < 400 && outcome === undefined; turn += 1) {
    // Files are read on other threads, so a turn of the event loop is not enough.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (turn % 4 === 3 && outcome === undefined) await clock.advance(500);
  }
  return { ms: clock.monotonicMs() - fromMs, outcome: outcome ?? 'pending' };
}

describe('the lock of a process in the same PID namespace', () => {
  it('is taken over at once when the process no longer runs', async () => {
    await leave({ ...here, pid: nowhere, startedAt: '' });
    expect((await lock()).isLost).toBe(false);
  });

  it('is taken over at once when another process has the process id now', async () => {
    await leave({ ...here, pid: process.pid, startedAt: '1' });
    await lock();
  });

  it('is refused, with the name of the process, until it is released', async () => {
    const first = await lock();
    await expect(lock()).rejects.toThrow(new RegExp(`is locked by process ${process.pid} on ${here.host}`));
    await first.release();
    await lock();
  });
});

describe.each<[string, Partial<ProcessPlace>]>([
  ['boot', { boot: 'another' }],
  ['host', { host: 'elsewhere' }],
  ['PID namespace', { pidNamespace: 'pid:[1]' }],
])('the lock of a process of another %s', (_what, other) => {
  it('is kept while it is renewed, although no such process runs here', async () => {
    const first = await lock({ ...here, ...other });
    const { ms, outcome } = await settle(lock());
    expect(outcome).toMatch(/is locked by process/);
    expect(ms).toBeLessThan(3000);
    expect(await first.isHeld()).toBe(true);
  });

  it('is taken over after ten seconds in which it was not renewed', async () => {
    await leave({ ...here, ...other, pid: process.pid, startedAt: '' });
    const { ms, outcome } = await settle(lock());
    expect(outcome).toBe('locked');
    expect(ms).toBeGreaterThanOrEqual(stillMs);
  });
});

describe('the lock of a process whose place is unknown', () => {
  it.each([
    ['an earlier release', { host: 'elsewhere', pid: 1, startedAt: '' }],
    ['an earlier release of this host', { host: '', pid: nowhere, startedAt: '' }],
    ['another program', { what: 'else' }],
  ])('of %s is kept', async (_name, holder) => {
    await writeFile(`${path}.lock`, JSON.stringify('host' in holder ? { ...holder, host: here.host } : holder));
    await expect(lock()).rejects.toThrow(/the log file is locked by/);
  });
});

describe('a lock that was taken over', () => {
  it('is lost for the process that had it, which releases nothing', async () => {
    const first = await lock();
    const heldAtMs = first.heldAtMs;
    await clock.advance(100);
    await leave({ ...here, pid: process.pid, startedAt: '', nonce: 'fedcba9876543210' });
    expect(await first.isHeld()).toBe(false);
    expect({ isLost: first.isLost, heldAtMs: first.heldAtMs }).toEqual({ isLost: true, heldAtMs });
    await first.release();
    expect(await readFile(`${path}.lock`, 'utf8')).toContain('fedcba9876543210');
  });

  it('names the unfinished file of that process, and no other process uses that name', async () => {
    await leave({ ...here, pid: nowhere, startedAt: '' });
    const second = await lock();
    expect(second.leftPaths).toEqual([`${path}.new`, `${path}.0123456789abcdef.new`]);
    expect(second.leftPaths).not.toContain(second.temporaryPath);
  });
});

describe('a lock file', () => {
  it('cannot be read by an earlier release, which therefore never takes it over', async () => {
    await lock();
    const text = await readFile(`${path}.lock`, 'utf8');
    expect(() => JSON.parse(text)).toThrow();
  });

  it('without a folder fails with a hint to the folder', async () => {
    path = join(dir, 'missing', 'log');
    await expect(lock()).rejects.toThrow(/cannot be locked \(ENOENT\): check that its folder exists/);
  });

  it('leaves nothing beside the log after its release', async () => {
    await (await lock()).release();
    expect(await readdir(dir)).toEqual([]);
  });
});
