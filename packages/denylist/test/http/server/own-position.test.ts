import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { Readers } from '../../../src/http/server/readers.ts';
import type { FeedPosition } from '../../../src/log/feed.ts';

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
