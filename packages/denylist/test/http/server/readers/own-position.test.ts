import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { Readers } from '../../../../src/http/server/readers/readers.ts';
import type { FeedPosition } from '../../../../src/log/feed.ts';

const dayMs = 86_400_000;
const id = '0'.repeat(16);
const connection = { replaced() {}, expired() {} };
const at = (cursor: string): FeedPosition => ({
  epoch: 'e',
  head: cursor,
  cursor,
  healing: false,
  maxTokenLifetimeSeconds: 86_400,
  minReader: 1,
});
const joinWith = (readers: Readers, hasLookUp: boolean) => {
  const entry = readers.join(
    { kind: 'join', relay: false, failOpen: false, hasLookUp, maxStalenessMs: 5000, label: 'api' },
    connection,
  );
  if (entry === undefined) throw new Error('expected an entry, found none');
  return entry;
};

describe('what a sidecar reports upstream', () => {
  it('is itself, as a server, with its own position, and then the replicas behind it', () => {
    const readers = new Readers({ clock: new FakeClock(), id, label: 'host/7/sidecar', maxStalenessMs: 9000 });
    joinWith(readers, false);
    const [own, replica] = readers.progress(at('7-0'));
    expect(own).toEqual({
      id,
      label: 'host/7/sidecar',
      cursor: '7-0',
      failOpen: false,
      maxStalenessMs: 9000,
      isServer: true,
      hasLookUp: false,
      issuers: 'any',
    });
    expect(replica).toMatchObject({ label: 'api', cursor: undefined });
    expect(readers.replicas()).toHaveLength(1);
  });

  it('says for a day that a replica with a look-up was behind it, also when that replica is forgotten', async () => {
    const clock = new FakeClock();
    const readers = new Readers({ clock, id });
    const entry = joinWith(readers, true);
    readers.disconnected(entry, connection);
    expect(readers.replicas()).toEqual([]);
    await clock.advance(dayMs);
    expect([...readers.progress(undefined)]).toMatchObject([{ hasLookUp: true }]);
    await clock.advance(1);
    expect([...readers.progress(undefined)]).toMatchObject([{ hasLookUp: false }]);
  });

  it('translates what a replica has reached, and no longer once a new snapshot was read', () => {
    const readers = new Readers({ clock: new FakeClock(), id });
    const entry = joinWith(readers, false);
    readers.mark(3, at('3-0'));
    readers.report(entry, [{ n: 3, failOpen: false, hasLookUp: false, maxStalenessMs: 5000 }]);
    expect(readers.replicas()).toMatchObject([{ cursor: '3-0' }]);
    readers.snapshotRead();
    expect(readers.replicas()).toMatchObject([{ cursor: undefined }]);
    readers.mark(3, at('9-0'));
    expect(readers.replicas()).toMatchObject([{ cursor: '9-0' }]);
  });
});

describe('the issuers that a sidecar states upstream', () => {
  const [first, second] = ['1'.repeat(16), '2'.repeat(16)];
  const row = { failOpen: false, hasLookUp: false, maxStalenessMs: 5000 };
  const given = () => {
    const clock = new FakeClock();
    const readers = new Readers({ clock, id });
    const join = (issuers: string | undefined, relay = false) => {
      const maxStalenessMs = relay ? 0 : 5000;
      const entry = readers.join(
        { kind: 'join', relay, failOpen: false, hasLookUp: false, maxStalenessMs, label: 'api', issuers },
        connection,
      );
      if (entry === undefined) throw new Error('expected an entry, found none');
      return entry;
    };
    return { clock, readers, join, stated: () => [...readers.progress(undefined)].map(({ issuers }) => issuers) };
  };

  it('are none while no replica is behind it', () => {
    expect(given().stated()).toEqual(['']);
  });

  it('are those of all replicas behind it, once and not with each replica', () => {
    const { join, stated } = given();
    join(second);
    join(first);
    expect(stated()).toEqual([first + second, undefined, undefined]);
  });

  it('are any while one replica has not stated its own', () => {
    const { readers, join, stated } = given();
    join(first);
    expect(stated()[0]).toBe(first);
    const unknown = join(undefined);
    expect(stated()[0]).toBe('any');
    readers.report(unknown, [{ ...row, left: true }]);
    expect(stated()[0]).toBe(first);
  });

  it('follow a replica that states others, and a row without issuers changes nothing', () => {
    const { readers, join, stated } = given();
    const entry = join(first);
    expect(stated()[0]).toBe(first);
    let told = 0;
    readers.onProgress(() => {
      told += 1;
    });
    readers.report(entry, [{ ...row, issuers: first + second }]);
    readers.report(entry, [row]);
    expect({ stated: stated()[0], told }).toEqual({ stated: first + second, told: 1 });
  });

  it('include those of a relay, which states them for the replicas behind it', () => {
    const { readers, join, stated } = given();
    join(first);
    const relay = join(undefined, true);
    const rows = [
      { ...row, id: 'a'.repeat(16), isServer: true, issuers: second },
      { ...row, id: 'b'.repeat(16) },
    ];
    readers.report(relay, rows);
    // The row of the relay is passed on with its own.
    expect(stated()).toEqual([first + second, undefined, second, undefined]);
  });

  it('are any behind a relay of the last release', () => {
    const { readers, join, stated } = given();
    join(first);
    readers.reportByName('relay', [{ id: 'b', failOpen: false, maxStalenessMs: 5000 }]);
    expect(stated()[0]).toBe('any');
  });
});
