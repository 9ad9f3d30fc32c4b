import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { fileComplaints, healingMs, openFileSource } from '../../../src/embedded/file/source.ts';
import type { OpenedSource } from '../../../src/log/opened-source.ts';
import { digestOf, digestSetOf } from '../../../src/rules/digest.ts';
import { forEver } from '../../../src/rules/rule.ts';
import type { Statement } from '../../../src/rules/statement.ts';
import { reader } from '../../replication/scripted-feed.ts';
import { FaultyDisk } from './faulty-disk.ts';

const subject = (name: string) => ({ dimension: 'subject', issuer: 'https://issuer.example/', value: name }) as const;
const blocked: Statement = { kind: 'deny', until: forEver };

let dir: string;
let path: string;
let disk: FaultyDisk;
let clock: FakeClock;
const opened: OpenedSource[] = [];
let epochs = 0;

beforeEach(async () => {
  // The lock is a real file; the log is on a simulated disk that can fail.
  dir = await mkdtemp(join(tmpdir(), 'revocast-file-'));
  path = join(dir, 'log');
  disk = new FaultyDisk();
  clock = new FakeClock();
  epochs = 0;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((source) => source.close()));
  await rm(dir, { recursive: true, force: true });
});

async function open({ compactAtBytes = 1 << 20 } = {}): Promise<OpenedSource> {
  const newEpoch = () => {
    epochs += 1;
    return String(epochs).padStart(16, '0');
  };
  const source = await openFileSource(
    { kind: 'file', name: 'file:log', path },
    { clock, newEpoch, disk, compactAtBytes },
  );
  opened.push(source);
  return source;
}
const block = (source: OpenedSource, name: string, id = name) =>
  source.log.append({ digest: digestOf(subject(name)), statement: blocked, details: { id, kind: 'revoke' } });
const lift = (source: OpenedSource, name: string) =>
  source.log.append({
    digest: digestOf(subject(name)),
    statement: { kind: 'lift' },
    details: { id: `lift-${name}`, kind: 'lift' },
  });
const find = async (source: OpenedSource, name: string) => {
  const verdict = await source.lookUp!.find(digestSetOf([subject(name)]), 1_767_225_600);
  return verdict.verdict;
};
const complaints = async (source: OpenedSource) =>
  (await source.health?.())?.misconfigurations.map(({ name }) => name) ?? [];
const positionOf = async (source: OpenedSource) => {
  const connection = await source.feed.connect(new AbortController().signal, reader);
  const position = await connection.position();
  connection.close();
  return position;
};
/** Ends the process without a close: nothing more is written. */
const crash = async () => {
  opened.splice(0);
  await rm(`${path}.lock`, { force: true });
};
const bytes = () => disk.files.get(path)!.bytes;

describe('a log file that was closed in order', () => {
  it('has its rules, lifts, ids, numbers and epoch again, and is not healing', async () => {
    const first = await open();
    await first.declareWhole?.();
    await block(first, 'alice');
    await block(first, 'bob');
    await lift(first, 'bob');
    const before = await positionOf(first);
    await first.close();

    const second = await open();
    expect(await complaints(second)).toEqual([]);
    expect(await positionOf(second)).toMatchObject({ epoch: before.epoch, head: before.head, healing: false });
    expect(await find(second, 'alice')).toBe('revoked');
    expect(await find(second, 'bob')).toBe('active');
    expect((await block(second, 'bob', 'bob')).repeated).toBe(true);
    await expect(block(second, 'carol', 'bob')).rejects.toMatchObject({ code: 'id_conflict' });
    expect(await find(second, 'bob')).toBe('active');
  });

  it('continues a healing in which it was closed', async () => {
    const first = await open();
    await clock.advance(5000);
    await first.close();
    const second = await open();
    await clock.advance(healingMs - 5001);
    expect(await find(second, 'nobody')).toBe('unknown');
    await clock.advance(1);
    // The lock is read on another thread: "not found" counts after the next reading.
    const isActive = async () => {
      await clock.advance(500);
      return (await find(second, 'nobody')) === 'active';
    };
    await until(isActive, { what: 'an answer after the end of the healing' });
  });
});

describe('a log whose file does not exist', () => {
  it('starts with healing, because a first start and a loss look the same', async () => {
    const source = await open();
    expect(await complaints(source)).toEqual(['file_created']);
    expect((await positionOf(source)).healing).toBe(true);
    expect(await find(source, 'nobody')).toBe('unknown');
    await block(source, 'alice');
    expect(await find(source, 'alice')).toBe('revoked');
    expect(await source.declareWhole?.()).toBe('created');
    expect(await find(source, 'nobody')).toBe('active');
    expect(await source.declareWhole?.()).toBe('whole');
  });
});

describe('an entry', () => {
  it('is synced before it is acknowledged or in force', async () => {
    const source = await open();
    disk.steps.length = 0;
    const appended = block(source, 'alice');
    expect(await find(source, 'alice')).toBe('unknown');
    await appended;
    expect(disk.steps).toEqual(['write', 'sync']);
    expect(disk.synced.get(disk.files.get(path)!.inode)).toEqual(bytes());
    expect(await find(source, 'alice')).toBe('revoked');
  });

  it('shares its write with the other waiting entries, and is decided after them', async () => {
    const source = await open();
    disk.steps.length = 0;
    const first = block(source, 'first');
    const [one, again, lifted] = await Promise.all([
      block(source, 'alice', 'once'),
      block(source, 'alice', 'once'),
      lift(source, 'alice'),
      first,
    ]);
    expect(disk.steps).toEqual(['write', 'sync', 'write', 'sync']);
    expect([one?.repeated, again?.repeated, lifted?.repeated]).toEqual([false, true, false]);
    await source.declareWhole?.();
    expect(await find(source, 'alice')).toBe('active');
  });
});

describe('a file that was cut', () => {
  it('at any byte of its entries or its end starts with healing, and has every whole entry', async () => {
    const source = await open();
    await source.declareWhole?.();
    const beginning = bytes().byteLength;
    const ends: number[] = [];
    for (const name of ['alice', 'bob', 'carol']) {
      await block(source, name);
      ends.push(bytes().byteLength);
    }
    await source.close();
    const whole = bytes();
    for (let length = beginning; length < whole.byteLength; length += 1) {
      disk.put(path, whole.subarray(0, length));
      const inode = disk.files.get(path)!;
      const after = await open();
      const names = await complaints(after);
      expect(names).toEqual([length === beginning || ends.includes(length) ? 'file_not_closed' : 'file_torn']);
      const { healing, epoch } = await positionOf(after);
      expect({ length, healing }).toEqual({ length, healing: true });
      expect(epoch).not.toBe('0000000000000001');
      for (const [index, name] of ['alice', 'bob', 'carol'].entries()) {
        expect(await find(after, name)).toBe(length >= ends[index]! ? 'revoked' : 'unknown');
      }
      await after.close();
      opened.splice(0);
      disk.files.set(path, inode);
    }
  });

  it('at any byte of its header or its rules is refused', async () => {
    const first = await open();
    await block(first, 'alice');
    await first.close();
    const second = await open();
    const { byteLength } = bytes();
    await second.close();
    opened.splice(0);
    const whole = bytes();
    // The ids come last: without them only a retry may apply twice.
    const rulesEnd = whole.lastIndexOf('i[[') - 8;
    expect(rulesEnd).toBeGreaterThan(32);
    expect(rulesEnd).toBeLessThan(byteLength);
    for (let length = 0; length < rulesEnd; length += 1) {
      disk.put(path, whole.subarray(0, length));
      await expect(open()).rejects.toMatchObject({ name: 'ConfigurationError', option: 'source' });
    }
  });
});

describe('a file that is refused', () => {
  const changed = async (change: (whole: Buffer) => Buffer) => {
    const source = await open();
    for (const name of ['alice', 'bob']) await block(source, name);
    await source.close();
    opened.splice(0);
    disk.put(path, change(Buffer.from(bytes())));
    return await open().then(
      () => 'trusted',
      (error: Error) => error.message,
    );
  };
  const setByte = (at: number, value: number) => (whole: Buffer) => {
    whole[at] = value;
    return whole;
  };
  const flip = (at: number) => (whole: Buffer) => {
    whole[at] = whole[at]! ^ 1;
    return whole;
  };

  it.each<[string, (whole: Buffer) => Buffer, RegExp]>([
    ['is garbage', () => Buffer.from('{"not":"ours"}'), /is not a revocation log/],
    ['is empty', () => Buffer.alloc(0), /is empty/],
    ['is newer', setByte(4, 2), /version 2, but this program reads versions up to 1: upgrade/],
    ['is older', setByte(4, 0), /version 0/],
    ['has other digests', setByte(5, 9), /digest scheme 9/],
    ['has a flipped bit in its header', flip(30), /damaged at byte 8/],
    [
      'has a flipped bit in an entry that others follow',
      (whole) => flip(whole.indexOf('e1|r|1|') + 20)(whole),
      /damaged/,
    ],
    ['has an entry twice', twice, /damaged/],
    ['lacks an entry', lackingFirst, /damaged/],
  ])('%s', async (_name, change, problem) => {
    expect(await changed(change)).toMatch(problem);
  });

  it('is not changed, and its lock is released', async () => {
    disk.put(path, Buffer.from('precious'));
    await expect(open()).rejects.toThrow(/not a revocation log/);
    expect(bytes().toString()).toBe('precious');
    disk.files.delete(path);
    await open();
  });
});

function entriesOf(whole: Buffer): { before: Buffer; first: Buffer; rest: Buffer } {
  const from = whole.indexOf('e1|r|1|') - 8;
  const length = whole.readUInt32BE(from) + 8;
  return {
    before: whole.subarray(0, from),
    first: whole.subarray(from, from + length),
    rest: whole.subarray(from + length),
  };
}
function twice(whole: Buffer): Buffer {
  const { before, first, rest } = entriesOf(whole);
  return Buffer.concat([before, first, first, rest]);
}
function lackingFirst(whole: Buffer): Buffer {
  const { before, rest } = entriesOf(whole);
  return Buffer.concat([before, rest]);
}

describe('a copy that was restored', () => {
  it('starts with healing and a new epoch, and is reported', async () => {
    const source = await open();
    await block(source, 'alice');
    await source.close();
    const old = Buffer.from(bytes());
    disk.files.delete(path);
    disk.put(path, old);
    const restored = await open();
    expect(await complaints(restored)).toEqual(['file_copied']);
    expect(await positionOf(restored)).toMatchObject({ healing: true, epoch: '0000000000000002' });
    expect(await find(restored, 'alice')).toBe('revoked');
  });
});

describe('a process that was killed', () => {
  it('leaves a log that starts with healing and has every acknowledged entry', async () => {
    const source = await open();
    await source.declareWhole?.();
    await block(source, 'alice');
    await crash();
    const after = await open();
    expect(await complaints(after)).toEqual(['file_not_closed']);
    expect((await positionOf(after)).healing).toBe(true);
    expect(await find(after, 'alice')).toBe('revoked');
  });
});

describe('a disk that fails', () => {
  it('because it is full: nothing is revoked, the incomplete entry is removed, and later entries are written', async () => {
    const source = await open();
    const before = bytes();
    disk.fail('write', 'ENOSPC');
    await expect(block(source, 'alice')).rejects.toMatchObject({ code: 'unavailable', applied: false });
    expect(bytes()).toEqual(before);
    expect(await find(source, 'alice')).toBe('unknown');
    expect(await complaints(source)).toEqual(['file_created', 'file_full']);
    await block(source, 'alice');
    expect(await complaints(source)).toEqual(['file_created']);
    await source.close();
    expect(await find(await open(), 'alice')).toBe('revoked');
  });

  it.each(['ENOSPC', 'EDQUOT'])('because it is full at the start (%s): the rules are in force', async (code) => {
    const first = await open();
    await block(first, 'alice');
    await first.close();
    const before = Buffer.from(bytes());
    disk.fail('write', code);
    const source = await open();
    expect(await complaints(source)).toEqual(['file_full']);
    expect(await find(source, 'alice')).toBe('revoked');
    expect(bytes()).toEqual(before);
    disk.fail('write', code);
    await expect(block(source, 'bob')).rejects.toMatchObject({ code: 'unavailable', applied: false });
    await block(source, 'bob');
    expect(await complaints(source)).toEqual([]);
    await source.close();
    const after = await open();
    expect([await find(after, 'alice'), await find(after, 'bob')]).toEqual(['revoked', 'revoked']);
  });

  it('in a sync: the outcome is unknown, and the log accepts no more entries', async () => {
    const source = await open();
    disk.fail('sync', 'EIO');
    await expect(block(source, 'alice')).rejects.toMatchObject({ code: 'outcome_unknown', applied: 'unknown' });
    await expect(block(source, 'bob')).rejects.toMatchObject({ code: 'unavailable', applied: false });
    expect(await complaints(source)).toEqual(['file_created', 'file_broken']);
    await source.close();
    expect(await complaints(await open())).toEqual(['file_not_closed']);
  });

  it('when it removes an incomplete entry: the outcome is unknown, and the log accepts no more entries', async () => {
    const source = await open();
    disk.fail('write', 'ENOSPC');
    disk.fail('truncate', 'EIO');
    await expect(block(source, 'alice')).rejects.toMatchObject({ code: 'outcome_unknown' });
    await expect(block(source, 'bob')).rejects.toMatchObject({ code: 'unavailable' });
    await source.close();
    expect(await complaints(await open())).toEqual(['file_torn']);
  });

  it.each(['create', 'write', 'sync', 'replace'] as const)(
    'at the start, in %s: the old file is left whole',
    async (step) => {
      const source = await open();
      await block(source, 'alice');
      await source.close();
      const before = Buffer.from(bytes());
      disk.fail(step, 'EROFS');
      await expect(open()).rejects.toThrow(/cannot be opened \(EROFS\)/);
      expect(bytes()).toEqual(before);
      expect([...disk.files.keys()]).toEqual([path]);
      expect(await find(await open(), 'alice')).toBe('revoked');
    },
  );
});

describe('compaction', () => {
  it('keeps the file near the size of its rules, and every rule and id', async () => {
    const source = await open({ compactAtBytes: 4000 });
    for (let index = 0; index < 200; index += 1) await block(source, `user-${index % 5}`, `id-${index}`);
    expect(disk.steps.filter((step) => step === 'replace').length).toBeGreaterThan(2);
    expect(bytes().byteLength).toBeLessThan(200 * 100);
    await source.close();
    const after = await open();
    for (let index = 0; index < 5; index += 1) expect(await find(after, `user-${index}`)).toBe('revoked');
    expect((await block(after, 'user-0', 'id-0')).repeated).toBe(true);
  });

  it('without space for a second file leaves the first one unchanged', async () => {
    const source = await open({ compactAtBytes: 1000 });
    for (let index = 0; index < 50; index += 1) {
      disk.fail('create', 'ENOSPC');
      await block(source, `user-${index}`);
    }
    expect(disk.steps).not.toContain('truncate');
    await crash();
    disk.mend();
    const after = await open();
    for (let index = 0; index < 50; index += 1) expect(await find(after, `user-${index}`)).toBe('revoked');
  });

  it('removes ended rules, and none after the wall clock jumped', async () => {
    const source = await open({ compactAtBytes: 1000 });
    const until = Math.floor(clock.wallMs() / 1000) + 10;
    const ended = digestOf(subject('ended'));
    const append = (id: string) =>
      source.log.append({ digest: ended, statement: { kind: 'deny', until }, details: { id, kind: 'revoke' } });
    await append('a');
    const held = async () => {
      for (let index = 0; index < 20; index += 1) await block(source, 'other', `${clock.monotonicMs()}-${index}`);
      const connection = await source.feed.connect(new AbortController().signal, reader);
      let rows = 0;
      for await (const page of connection.snapshot()) rows += page.length / 8;
      connection.close();
      return rows;
    };
    expect(await held()).toBe(2);
    clock.jumpWall(10_000 + 3_601_000);
    expect(await held()).toBe(2);
    clock.jumpWall(-10_000 - 3_601_000);
    await clock.advance(10_000 + 3_601_000);
    expect(await held()).toBe(1);
  });
});

describe('docs/redis.md', () => {
  it('has a row for every misconfiguration of a file, with its severity and remedy', () => {
    const text = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `(file_\w+)` \| (\w+) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
    const expected = Object.entries(fileComplaints).map(([name, { severity, remedy }]) => [name, severity, remedy]);
    expect(rows).toEqual(expected);
  });
});

describe('given a log file on a real disk', () => {
  const openReal = async () => {
    const ports = { clock, newEpoch: () => '0123456789abcdef' };
    const source = await openFileSource({ kind: 'file', name: 'file:log', path }, ports);
    opened.push(source);
    return source;
  };

  it('refuses a symbolic link in its place, and leaves its target as it is', async () => {
    const target = join(dir, 'other');
    await writeFile(target, '');
    await symlink(target, path);
    await expect(openReal()).rejects.toThrow('expected the log file itself, found a symbolic link: name its target');
    expect(await readFile(target, 'utf8')).toBe('');
  });

  it('removes a symbolic link in the place of the new file of an earlier release, and leaves its target as it is', async () => {
    await (await openReal()).close();
    const target = join(dir, 'other');
    await writeFile(target, 'kept');
    await symlink(target, `${path}.new`);
    await openReal();
    expect(await readFile(target, 'utf8')).toBe('kept');
  });

  it('lets no other user read it, and removes the new file that a killed process of an earlier release left', async () => {
    await writeFile(`${path}.new`, 'left', { mode: 0o644 });
    await openReal();
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(dir)).toEqual(['log', 'log.lock']);
  });
});
