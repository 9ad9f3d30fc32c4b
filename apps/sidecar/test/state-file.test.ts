import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock as clock, encodeRememberedLog, type RememberedLog } from '@revocast/denylist/replica';
import { keepStateFile, readStateFile } from '../src/state-file.ts';

const remembered: RememberedLog = {
  epoch: 'aaaaaaaaaaaaaaaa',
  position: { cursor: '5-0', head: 'bbbbbbbbbbbbbbbb' },
};
let dir: string;
let path: string;
let warnings: unknown[];
const log = { warn: (line: unknown) => void warnings.push(line) };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-state-'));
  path = join(dir, 'state.json');
  warnings = [];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Writes it once: when it is closed. */
async function write(target = path, latest: RememberedLog | undefined = remembered) {
  await keepStateFile({ path: target, memory: { latest }, clock, log })();
}

describe('a state file', () => {
  it('is written when the sidecar stops, for this user alone, and is read by the next run', async () => {
    await write();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['state.json']);
    expect(await readStateFile(path, log)).toEqual(remembered);
    expect(warnings).toEqual([]);
  });

  it('is replaced whole, and never written through a link in its place', async () => {
    const target = join(dir, 'other');
    await writeFile(target, 'kept');
    await symlink(target, path);
    expect(await readStateFile(path, log)).toBeUndefined();
    await write();
    expect(await readFile(target, 'utf8')).toBe('kept');
    expect(await readStateFile(path, log)).toEqual(remembered);
  });

  it('that does not exist is a first run', async () => {
    expect(await readStateFile(path, log)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['cut', encodeRememberedLog(remembered).slice(0, 40)],
    ['too long', `${encodeRememberedLog(remembered)}${' '.repeat(10_000)}`],
  ])('that is %s is not used, with one warning that does not quote it', async (_name, text) => {
    await writeFile(path, text);
    expect(await readStateFile(path, log)).toBeUndefined();
    expect(warnings).toEqual([{ reason: expect.any(String) }]);
    expect(JSON.stringify(warnings)).not.toContain('aaaa');
  });

  it('that cannot be written stops nothing, and is reported once', async () => {
    await write(join(dir, 'missing', 'state.json'));
    expect(warnings).toEqual([{ code: 'ENOENT' }]);
  });

  it('is not written before the sidecar was fresh', async () => {
    await keepStateFile({ path, memory: { latest: undefined }, clock, log })();
    expect(await readdir(dir)).toEqual([]);
  });
});
