import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { keepOwnFiles, maxFileBytes, SpoolDirectory } from '../src/spool/spool-directory.ts';
import { folder } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

describe('the directory of a spool', () => {
  it('keeps files that only this user can read, in the order in which they were added', async () => {
    const path = join(folder(cleanUps), 'spool');
    const { directory } = await SpoolDirectory.open(path, 'spool');
    const names = [await directory.add('one'), await directory.add('two')];
    expect(readdirSync(path).sort()).toEqual(names);
    for (const name of names) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect((await directory.read(names[1] ?? ''))?.toString()).toBe('two');
  });

  it('goes on with later names after a restart, and removes what was not complete', async () => {
    const path = folder(cleanUps);
    const first = await SpoolDirectory.open(path, 'spool');
    const name = await first.directory.add('one');
    writeFileSync(join(path, '0000000000000009-0000000000000000.json.tmp'), 'half');
    const second = await SpoolDirectory.open(path, 'spool');
    expect([second.names, readdirSync(path)]).toEqual([[name], [name]]);
    expect((await second.directory.add('two')) > name).toBe(true);
  });

  it('follows no symbolic link, neither to the directory nor in it', async () => {
    const path = folder(cleanUps);
    const secret = join(path, 'secret');
    writeFileSync(secret, 'a secret');
    const real = join(path, 'real');
    mkdirSync(real, { mode: 0o700 });
    symlinkSync(real, join(path, 'link'));
    for (const link of ['link', 'link/']) {
      await expect(SpoolDirectory.open(`${path}/${link}`, 'spool')).rejects.toThrow(/^spool: expected a directory/);
    }
    const name = '0000000000000001-0000000000000000.json';
    symlinkSync(secret, join(real, name));
    const { directory } = await SpoolDirectory.open(real, 'spool');
    expect(await directory.read(name)).toBeUndefined();
    expect(readFileSync(secret, 'utf8')).toBe('a secret');
  });

  it('refuses a directory that other users may write to: who can write there can revoke', async () => {
    const path = folder(cleanUps);
    chmodSync(path, 0o777);
    await expect(SpoolDirectory.open(path, 'spool')).rejects.toThrow(
      /^spool: .*chmod 700, or name a directory below it/,
    );
  });

  it('closes its own directory on a volume of Kubernetes, whose group may write to it after each mount', async () => {
    const path = folder(cleanUps);
    const first = await SpoolDirectory.open(path, 'spool');
    const name = await first.directory.add('one');
    chmodSync(path, 0o2770);
    const { names } = await SpoolDirectory.open(path, 'spool');
    expect([names, statSync(path).mode & 0o777]).toEqual([[name], 0o700]);
  });

  it('sets aside the files that another user could make there', async () => {
    const path = folder(cleanUps);
    const name = '0000000000000001-0000000000000000.json';
    writeFileSync(join(path, name), 'forged');
    const { uid } = statSync(path);
    expect([await keepOwnFiles(path, uid), readdirSync(path)]).toEqual([[name], [name]]);
    expect([await keepOwnFiles(path, uid + 1), readdirSync(path)]).toEqual([[], [`${name}.bad`]]);
  });

  it('refuses a directory of another user to which its group may write', async () => {
    const path = folder(cleanUps);
    chmodSync(path, 0o2770);
    await expect(SpoolDirectory.open(path, 'spool', statSync(path).uid + 1)).rejects.toThrow(
      /^spool: expected a directory that only this user/,
    );
  });

  it('refuses a path that cannot be a directory', async () => {
    const file = join(folder(cleanUps), 'file');
    writeFileSync(file, '');
    await expect(SpoolDirectory.open(join(file, 'spool'), 'spool')).rejects.toThrow(/^spool: cannot use the directory/);
  });

  it('reads no file that is larger than a message can be', async () => {
    const path = folder(cleanUps);
    const { directory } = await SpoolDirectory.open(path, 'spool');
    const name = await directory.add('x'.repeat(maxFileBytes + 1));
    expect(await directory.read(name)).toBeUndefined();
  });
});
