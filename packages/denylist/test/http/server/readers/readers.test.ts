import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { decodeReplicas, encodeReplicas } from '../../../../src/codec/replica-progress.ts';
import { failOpenMemoryMs } from '../../../../src/http/server/readers/reader-entry.ts';
import { Readers } from '../../../../src/http/server/readers/readers.ts';
import type { JoinFrame } from '../../../../src/http/wire/frames/up.ts';
import type { ReplicaProgress } from '../../../../src/log/reader.ts';
import { reportLifetimeMs } from '../../../../src/log/reader.ts';
import { leastMaxStalenessMs, mostMaxStalenessMs } from '../../../../src/replication/max-staleness.ts';

const feedId = 'f'.repeat(16);
const maxStalenessMs = 5000;
const process: JoinFrame = {
  ...{ kind: 'join', relay: false, failOpen: false, hasLookUp: false, maxStalenessMs, label: 'api' },
};
const relay: JoinFrame = { ...process, relay: true, maxStalenessMs: 0, label: 'relay' };
const idOf = (index: number) => index.toString(16).padStart(16, '0');
const row = { failOpen: false, hasLookUp: false, maxStalenessMs };
const rowOf = (index: number) => ({ ...row, id: idOf(index) });
const position = (cursor: string) => ({
  ...{ epoch: 'e'.repeat(16), head: cursor, cursor, healing: false, maxTokenLifetimeSeconds: 3600, minReader: 1 },
});

class Connection {
  readonly heard: string[] = [];
  replaced(): void {
    this.heard.push('replaced');
  }
  expired(): void {
    this.heard.push('expired');
  }
}

function given() {
  const clock = new FakeClock();
  const readers = new Readers({ clock, id: feedId });
  const joined = (frame: JoinFrame = process) => {
    const connection = new Connection();
    const entry = readers.join(frame, connection);
    if (entry === undefined) throw new Error('expected room for another reader');
    return { entry, connection };
  };
  /** A reader that follows and is counted upstream. */
  const following = (frame: JoinFrame = process) => {
    const reader = joined(frame);
    readers.accepted(readers.revision);
    readers.follows(reader.entry);
    return reader;
  };
  return { clock, readers, joined, following, ids: () => readers.replicas().map(({ id }) => id) };
}

describe('a reader that joins', () => {
  it('takes the place of the connection whose secret it presents', () => {
    const { readers, joined, ids } = given();
    const first = joined();
    const second = joined({ ...process, secret: first.entry.secret });
    expect({ same: second.entry === first.entry, heard: first.connection.heard, ids: ids() }).toEqual({
      same: true,
      heard: ['replaced'],
      ids: [first.entry.identity],
    });
    readers.disconnected(first.entry, first.connection);
    expect(second.entry.connection).toBe(second.connection);
  });

  it('has an entry of its own with any other secret, and with that of another kind of reader', () => {
    const { joined } = given();
    const first = joined();
    const secrets = [undefined, 'a'.repeat(32)];
    const others = secrets.map((secret) => joined({ ...process, secret }).entry);
    others.push(joined({ ...relay, secret: first.entry.secret }).entry);
    expect(others.includes(first.entry)).toBe(false);
    expect(new Set(others.map(({ identity }) => identity)).size).toBe(3);
    expect(first.connection.heard).toEqual([]);
  });

  it('takes over with its secret after its connection is lost', () => {
    const { clock, readers, joined, following } = given();
    const { entry, connection } = following();
    readers.proofSent(entry);
    readers.disconnected(entry, connection);
    readers.replicas();
    const again = joined({ ...process, secret: entry.secret }).entry;
    expect({ same: again === entry, proven: readers.mayProve(again), at: clock.monotonicMs() }).toEqual({
      ...{ same: true, proven: false },
      at: entry.reportedAtMs,
    });
  });
});

it('forgets the secret of a reader that does not count any more', () => {
  const { readers, joined, ids } = given();
  const { entry, connection } = joined();
  readers.disconnected(entry, connection);
  expect(ids()).toEqual([]);
  expect(joined({ ...process, secret: entry.secret }).entry.identity).not.toBe(entry.identity);
});

describe('a report', () => {
  it('of a process counts for that process alone, of a relay for every replica that it names', () => {
    const { readers, joined, ids } = given();
    const api = joined().entry;
    readers.report(api, [rowOf(1), { ...row, n: 7 }]);
    readers.report(joined(relay).entry, [rowOf(2), rowOf(3)]);
    expect(ids()).toEqual([api.identity, idOf(2), idOf(3)]);
    expect(api.replicas.get(api.identity)).toMatchObject({ n: 7, label: 'api' });
  });

  it('is awaited upstream when a replica is new or may accept more, and not when it only moves', () => {
    const { readers, joined } = given();
    const { entry } = joined(relay);
    const revisionOf = (changed: object) => readers.report(entry, [{ ...rowOf(1), ...changed }]);
    const added = revisionOf({});
    expect({ added, moved: revisionOf({ n: 3 }), shorter: revisionOf({ maxStalenessMs: 4000 }) }).toEqual({
      ...{ added: 1, moved: 1, shorter: 1 },
    });
    expect({ longer: revisionOf({}), failOpen: revisionOf({ failOpen: true }) }).toEqual({ longer: 2, failOpen: 3 });
  });

  it('keeps the number and the label that the row before it had', () => {
    const { readers, joined } = given();
    const { entry } = joined(relay);
    readers.report(entry, [{ ...rowOf(1), n: 3, label: 'pod' }]);
    readers.report(entry, [rowOf(1)]);
    expect(entry.replicas.get(idOf(1))).toMatchObject({ n: 3, label: 'pod' });
  });

  it('that says a replica has left ends it', () => {
    const { readers, joined, ids } = given();
    const { entry } = joined(relay);
    readers.report(entry, [rowOf(1), rowOf(2)]);
    readers.report(entry, [{ ...rowOf(1), left: true }]);
    expect(ids()).toEqual([idOf(2)]);
  });

  it('ends the silence of every replica for which it was sent', async () => {
    const { clock, readers, following } = given();
    const { entry } = following(relay);
    readers.report(entry, [rowOf(1), rowOf(2)]);
    await clock.advance(4000);
    expect([...readers.silences()]).toEqual([
      [idOf(1), 4000],
      [idOf(2), 4000],
    ]);
    readers.report(entry, [rowOf(1)]);
    expect([...readers.silences().values()]).toEqual([0, 0]);
  });

  it('is heard upstream, and so is what upstream accepts', () => {
    const { readers, joined } = given();
    const heard: string[] = [];
    const stops = [readers.onProgress(() => heard.push('progress')), readers.onAccepted(() => heard.push('accepted'))];
    const { entry, connection } = joined();
    readers.report(entry, [{ ...row, n: 1 }]);
    readers.accepted(1);
    readers.accepted(1);
    readers.disconnected(entry, connection);
    for (const stop of stops) stop();
    joined();
    readers.accepted(2);
    expect(heard).toEqual(['progress', 'progress', 'accepted', 'progress']);
  });

  it.each([
    ['moves', { n: 2 }],
    ['is fail-open from now on', { failOpen: true }],
    ['has a look-up from now on', { hasLookUp: true }],
    ['may stay fresh for longer', { maxStalenessMs: 6000 }],
    ['has left', { left: true }],
  ])('of a replica that %s is heard upstream, and a repetition of it is not', (_what, change) => {
    const { readers, joined } = given();
    const { entry } = joined();
    readers.report(entry, [{ ...row, n: 1 }]);
    let heard = 0;
    readers.onProgress(() => {
      heard += 1;
    });
    readers.report(entry, [{ ...row, n: 1 }]);
    readers.report(entry, [row]);
    readers.report(entry, []);
    expect(heard).toBe(0);
    readers.report(entry, [{ ...row, n: 1, ...change }]);
    expect(heard).toBe(1);
  });
});

describe('a proof', () => {
  it('goes to a reader that follows and is counted upstream', () => {
    const { readers, joined } = given();
    const { entry } = joined();
    readers.accepted(readers.revision);
    expect(readers.mayProve(entry)).toBe(false);
    readers.follows(entry);
    expect(readers.mayProve(entry)).toBe(true);
    readers.report(entry, [{ ...row, failOpen: true }]);
    expect(readers.mayProve(entry)).toBe(false);
    readers.accepted(readers.revision);
    expect(readers.mayProve(entry)).toBe(true);
  });

  it('goes to no connection that is lost, and to the one that takes its place after a long silence', async () => {
    const { clock, readers, following } = given();
    const { entry, connection } = following({ ...process, failOpen: true });
    readers.disconnected(entry, connection);
    expect(readers.mayProve(entry)).toBe(false);
    await clock.advance(60_000);
    const again = following({ ...process, failOpen: true, secret: entry.secret }).entry;
    expect({ same: again === entry, proven: readers.mayProve(again) }).toEqual({ same: true, proven: true });
  });

  it.each([
    ['a process', process, maxStalenessMs],
    ['a process with less than the least maxStalenessMs', { ...process, maxStalenessMs: 1 }, leastMaxStalenessMs],
    ['a relay', relay, reportLifetimeMs],
  ])('goes no longer to %s that is silent', async (_who, frame, lifetimeMs) => {
    const { clock, readers, following } = given();
    const { entry } = following(frame);
    await clock.advance(lifetimeMs);
    const atBound = readers.mayProve(entry);
    await clock.advance(1);
    expect({ atBound, above: readers.mayProve(entry) }).toEqual({ atBound: true, above: false });
    readers.report(entry, []);
    expect(readers.mayProve(entry)).toBe(true);
  });

  it('goes on to a relay whose new replicas are not counted upstream yet: the relay holds back their welcome', () => {
    const { readers, following } = given();
    const { entry } = following(relay);
    readers.report(entry, [rowOf(1)]);
    expect({ accepted: readers.isAccepted(entry.revision), proven: readers.mayProve(entry) }).toEqual({
      ...{ accepted: false, proven: true },
    });
  });
});

describe('a replica whose connection is lost', () => {
  it.each([
    ['counts until its last proof cannot make it fresh', process, maxStalenessMs + reportLifetimeMs],
    ['counts for a day when it accepts while it does not know', { ...process, failOpen: true }, failOpenMemoryMs],
  ])('%s', async (_title, frame, lifetimeMs) => {
    const { clock, readers, following, ids } = given();
    const { entry, connection } = following(frame);
    readers.proofSent(entry);
    readers.disconnected(entry, connection);
    await clock.advance(lifetimeMs);
    const atBound = ids();
    await clock.advance(1);
    expect({ atBound, above: ids() }).toEqual({ atBound: [entry.identity], above: [] });
  });

  it('does not count when it never had a proof', () => {
    const { readers, following, ids } = given();
    const { entry, connection } = following();
    readers.disconnected(entry, connection);
    expect(ids()).toEqual([]);
  });
});

it('closes a connection whose replica has been silent for so long that it does not count', async () => {
  const { clock, readers, following, ids } = given();
  const { entry, connection } = following();
  readers.proofSent(entry);
  await clock.advance(maxStalenessMs + reportLifetimeMs);
  expect({ ids: ids(), heard: connection.heard }).toEqual({ ids: [entry.identity], heard: [] });
  await clock.advance(1);
  expect({ ids: ids(), heard: connection.heard }).toEqual({ ids: [], heard: ['expired'] });
});

it('counts a silent replica that accepts while it does not know for as long as it is connected', async () => {
  const { clock, readers, joined, following, ids } = given();
  const first = following({ ...process, failOpen: true });
  readers.disconnected(first.entry, first.connection);
  const { entry, connection } = joined({ ...process, failOpen: true, secret: first.entry.secret });
  await clock.advance(2 * failOpenMemoryMs);
  expect({ ids: ids(), heard: connection.heard }).toEqual({ ids: [entry.identity], heard: [] });
});

describe('at the bound of 10,000 replicas', () => {
  const rows = Array.from({ length: 9999 }, (_, index) => rowOf(index + 1));

  it('refuses one more while all have a connection', async () => {
    const { clock, readers, joined } = given();
    const { entry } = joined(relay);
    readers.report(entry, rows);
    const last = joined().entry;
    const refused = readers.join(process, new Connection());
    expect({ refused, report: readers.report(entry, [rowOf(20_000)]) }).toEqual({
      ...{ refused: undefined, report: undefined },
    });
    readers.report(last, [{ ...row, left: true }]);
    // More than the number that may join at once have tried.
    await clock.advance(10);
    expect(readers.report(entry, [rowOf(20_000)])).toBeGreaterThan(0);
  });

  it('forgets a reader that it has refused, with its secret', async () => {
    const { clock, readers, joined, following, ids } = given();
    const { entry } = following();
    await clock.advance(maxStalenessMs + 1);
    expect(ids()).toEqual([]);
    const other = joined(relay).entry;
    readers.report(other, [...rows, rowOf(20_000)]);
    const again = { ...process, secret: entry.secret };
    expect(readers.join(again, new Connection())).toBeUndefined();
    readers.report(other, [{ ...rowOf(1), left: true }]);
    await clock.advance(10);
    expect(joined(again).entry).not.toBe(entry);
  });

  it('reports itself, all of them and the dropped ones, and publishers can read that report', async () => {
    const { clock, readers, joined, following } = given();
    const gone = following();
    readers.proofSent(gone.entry);
    readers.disconnected(gone.entry, gone.connection);
    readers.report(joined(relay).entry, rows);
    // More than the number that may join at once have come.
    await clock.advance(10);
    const last = joined().entry.identity;
    const reported = decodeReplicas(encodeReplicas(readers.progress(undefined)));
    expect(reported?.map(({ id }) => id)).toEqual([...[readers.id, 'f'.repeat(16)], ...rows.map(({ id }) => id), last]);
  });

  it('drops the one that has been gone longest, and says for as long as it may be fresh that one is missing', async () => {
    const { clock, readers, joined, following, ids } = given();
    const [gone, later] = [following(), following()];
    for (const { entry, connection } of [gone, later]) {
      readers.proofSent(entry);
      readers.disconnected(entry, connection);
      await clock.advance(100);
    }
    const others = joined(relay).entry;
    readers.report(others, rows.slice(0, 9998));
    const { entry } = joined();
    expect(ids()).toEqual([
      'f'.repeat(16),
      later.entry.identity,
      ...rows.slice(0, 9998).map(({ id }) => id),
      entry.identity,
    ]);
    expect(readers.replicas()[0]).toMatchObject({ maxStalenessMs: mostMaxStalenessMs, hasLookUp: true });
    readers.report(others, [{ ...rowOf(1), left: true }]);
    joined();
    expect(ids()).toContain(later.entry.identity);
    await clock.advance(maxStalenessMs + reportLifetimeMs - 200);
    const atBound = ids().includes('f'.repeat(16));
    await clock.advance(1);
    expect({ atBound, above: ids().includes('f'.repeat(16)) }).toEqual({ atBound: true, above: false });
  });
});

it('lets no more replicas join than a sidecar remembers, until time passes: they cannot rewrite its list again and again', async () => {
  const { clock, readers, joined } = given();
  const { entry } = joined(relay);
  const rows = (from: number, length: number) => Array.from({ length }, (_, index) => rowOf(from + index));
  expect(readers.report(entry, rows(1, 10_000))).toBeDefined();
  readers.report(
    entry,
    rows(1, 10_000).map((one) => ({ ...one, left: true })),
  );
  expect(readers.report(entry, rows(20_000, 1))).toBeUndefined();
  await clock.advance(1000);
  expect(readers.report(entry, rows(20_000, 400))).toBeDefined();
});

describe('a reader of the last release', () => {
  const replicaOf = (id: string, cursor?: string): ReplicaProgress => ({ ...row, id, cursor });

  it('counts from its report on, and its position only while its stream is open', () => {
    const { readers } = given();
    readers.mark(3, position('source-3'));
    readers.reportByName('api', [replicaOf('api', `${feedId}.3`)]);
    expect(readers.replicas()).toMatchObject([{ id: 'api', cursor: undefined, label: undefined }]);
    const connection = new Connection();
    const entry = readers.openedByName('api', connection);
    expect(readers.replicas()).toMatchObject([{ id: 'api', cursor: 'source-3' }]);
    readers.proofSent(entry!);
    readers.disconnected(entry!, connection);
    expect(readers.replicas()).toMatchObject([{ id: 'api', cursor: undefined }]);
  });

  it('is forgotten when it opens no stream', async () => {
    const { clock, readers, ids } = given();
    readers.reportByName('api', [replicaOf('api')]);
    await clock.advance(reportLifetimeMs);
    const atBound = ids();
    await clock.advance(1);
    expect({ atBound, above: ids(), named: readers.named('api') }).toEqual({
      ...{ atBound: ['api'], above: [], named: undefined },
    });
  });

  it('has no position in a feed of another life', () => {
    const { readers } = given();
    readers.mark(3, position('source-3'));
    readers.openedByName('api', new Connection());
    readers.reportByName('api', [replicaOf('api', `${'0'.repeat(16)}.3`)]);
    expect(readers.replicas()).toMatchObject([{ id: 'api', cursor: undefined }]);
  });

  it('waits until a replica that it does not name any more cannot be fresh', async () => {
    const { clock, readers, ids } = given();
    const entry = readers.openedByName('relay', new Connection());
    readers.mark(3, position('source-3'));
    readers.reportByName('relay', [replicaOf('a', `${feedId}.3`), replicaOf('b')]);
    expect(readers.replicas()).toMatchObject([{ id: 'a', cursor: 'source-3', label: 'relay' }, { id: 'b' }]);
    readers.proofSent(entry!);
    readers.reportByName('relay', [replicaOf('b')]);
    expect(readers.replicas()).toMatchObject([{ id: 'a', cursor: undefined }, { id: 'b' }]);
    await clock.advance(maxStalenessMs);
    // A later proof went to the relay without that replica.
    readers.proofSent(entry!);
    readers.reportByName('relay', [replicaOf('b')]);
    expect(ids()).toEqual(['a', 'b']);
    await clock.advance(reportLifetimeMs + 1);
    readers.reportByName('relay', [replicaOf('b')]);
    expect(ids()).toEqual(['b']);
  });

  it('is awaited upstream again when it names a replica that it had not named', () => {
    const { readers } = given();
    const entry = readers.openedByName('relay', new Connection());
    readers.reportByName('relay', [replicaOf('a')]);
    readers.proofSent(entry!);
    readers.reportByName('relay', []);
    const before = readers.revision;
    readers.reportByName('relay', [replicaOf('a')]);
    expect(readers.revision).toBe(before + 1);
  });

  it('gets proofs when it is a relay without replicas, from its first report on that stream', () => {
    const { readers } = given();
    readers.reportByName('relay', []);
    readers.replicas();
    const entry = readers.openedByName('relay', new Connection());
    expect(readers.mayProve(entry!)).toBe(false);
    readers.reportByName('relay', []);
    expect(readers.mayProve(entry!)).toBe(true);
  });

  it('gets no proof before its newest replica is counted upstream', () => {
    const { readers } = given();
    const entry = readers.openedByName('relay', new Connection());
    readers.reportByName('relay', [replicaOf('a')]);
    expect(readers.mayProve(entry!)).toBe(false);
    readers.accepted(readers.revision);
    expect(readers.mayProve(entry!)).toBe(true);
  });

  it('is not remembered by name alone, nor when there is no room for it', () => {
    const { readers, joined } = given();
    const names = Array.from({ length: 100 }, (_, index) => `name-${index}`);
    for (const name of names) expect(readers.reportByName(name, [])).toBe(true);
    const rows = Array.from({ length: 10_000 }, (_, index) => rowOf(index));
    readers.report(joined(relay).entry, rows);
    expect(readers.reportByName('late', [replicaOf('late')])).toBe(false);
    expect([...names, 'late'].filter((name) => readers.named(name) !== undefined)).toEqual([]);
    expect(readers.openedByName(undefined, new Connection())).toBeUndefined();
  });

  it('is forgotten with its stream when it has no replicas', () => {
    const { readers } = given();
    const connection = new Connection();
    const entry = readers.openedByName('relay', connection);
    readers.replicas();
    expect(readers.named('relay')).toBe(entry);
    readers.disconnected(entry!, connection);
    expect(readers.named('relay')).toBeUndefined();
  });

  it('is one of few by name alone: a thousand replicas of all names without a stream', () => {
    const { readers, ids } = given();
    const many = (from: number, length: number) => Array.from({ length }, (_, index) => replicaOf(idOf(from + index)));
    expect(readers.reportByName('one', many(0, 600))).toBe(true);
    // Its own are replaced, and count once.
    expect(readers.reportByName('one', many(0, 600))).toBe(true);
    expect(readers.reportByName('two', many(1000, 401))).toBe(false);
    expect(readers.reportByName('two', many(1000, 400))).toBe(true);
    readers.openedByName('two', new Connection());
    expect(readers.reportByName('three', many(2000, 400))).toBe(true);
    expect(ids().length).toBe(1400);
  });

  it('takes no room for ever by a report that is longer than the bound', async () => {
    const { clock, readers, joined, ids } = given();
    const connection = new Connection();
    const named = readers.openedByName('relay', connection);
    const replicas = Array.from({ length: 10_001 }, (_, index) => replicaOf(idOf(index)));
    expect(readers.reportByName('relay', replicas)).toBe(false);
    expect(ids().length).toBe(10_000);
    readers.disconnected(named!, connection);
    await clock.advance(reportLifetimeMs + 1);
    expect(ids()).toEqual([]);
    await clock.advance(60_000);
    const { entry } = joined(relay);
    expect(readers.report(entry, replicas.slice(0, 10_000))).toBeDefined();
  });
});

describe('what a sidecar reports upstream', () => {
  const cursors = (readers: Readers) => readers.replicas().map(({ cursor }) => cursor);

  it('is itself, and each replica in positions of the source', () => {
    const { readers, joined } = given();
    const { entry } = joined(relay);
    readers.mark(2, position('a'));
    readers.mark(2, position('b'));
    readers.mark(5, position('c'));
    readers.report(entry, [{ ...rowOf(1), n: 1 }, { ...rowOf(2), n: 4 }, { ...rowOf(3), n: 5 }, rowOf(4)]);
    expect([...readers.progress({ cursor: 'own' })]).toMatchObject([
      { id: feedId, cursor: 'own', isServer: true, hasLookUp: false, maxStalenessMs },
      { id: idOf(1), cursor: undefined },
      { id: idOf(2), cursor: 'b' },
      { id: idOf(3), cursor: 'c' },
      { id: idOf(4), cursor: undefined },
    ]);
    readers.snapshotRead();
    expect(cursors(readers)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps the last 4096 positions', () => {
    const { readers, joined } = given();
    for (let n = 1; n <= 4097; n++) readers.mark(n, position(`at-${n}`));
    readers.report(joined(relay).entry, [
      { ...rowOf(1), n: 1 },
      { ...rowOf(2), n: 2 },
    ]);
    expect(cursors(readers)).toEqual([undefined, 'at-2']);
    // Heartbeats move the source and not the feed.
    for (let beat = 1; beat <= 4097; beat++) readers.mark(4097, position(`beat-${beat}`));
    expect(cursors(readers)).toEqual([undefined, 'at-2']);
  });

  it('says for a day that a replica with a look-up was behind it', async () => {
    const { clock, readers, joined } = given();
    const hasLookUp = () => [...readers.progress(undefined)][0]?.hasLookUp;
    expect(hasLookUp()).toBe(false);
    const { entry, connection } = joined({ ...process, hasLookUp: true });
    readers.disconnected(entry, connection);
    await clock.advance(failOpenMemoryMs);
    const atBound = hasLookUp();
    await clock.advance(1);
    expect({ atBound, above: hasLookUp() }).toEqual({ atBound: true, above: false });
  });
});

it('finds the replica that is furthest behind among those with a connection', () => {
  const { readers, joined } = given();
  const gone = joined();
  readers.report(gone.entry, [{ ...row, n: 1 }]);
  expect(readers.slowest()).toBe(1);
  readers.proofSent(gone.entry);
  readers.disconnected(gone.entry, gone.connection);
  expect(readers.slowest()).toBeUndefined();
  readers.report(joined(relay).entry, [{ ...rowOf(1), n: 9 }, { ...rowOf(2), n: 8 }, rowOf(3)]);
  expect(readers.slowest()).toBe(8);
});
