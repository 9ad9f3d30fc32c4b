import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { EmbeddedLog } from '../../../src/embedded/memory/embedded-log.ts';
import type { FeedBatch } from '../../../src/log/feed.ts';
import { digestOf, digestSetOf } from '../../../src/rules/digest.ts';
import { emptyRule, forEver } from '../../../src/rules/rule.ts';
import type { Statement } from '../../../src/rules/statement.ts';
import { reader } from '../../replication/scripted-feed.ts';

const value = { dimension: 'subject', issuer: 'https://issuer.example/', value: 'alice' } as const;
const digest = digestOf(value);
const block: Statement = { kind: 'deny', until: forEver };

function given({ journalEntries = 10 } = {}) {
  const clock = new FakeClock();
  const embedded = new EmbeddedLog({ clock, epoch: 'e'.repeat(16), journalEntries });
  let drawn = 0;
  const append = (statement: Statement, id?: string) => {
    drawn += 1;
    return embedded.log.append({ digest, statement, details: { id: id ?? `id-${drawn}`, kind: 'revoke' } });
  };
  const connect = () => embedded.feed.connect(new AbortController().signal, reader);
  const find = () => embedded.lookUp.find(digestSetOf([value]), 1_767_225_600);
  return { ...embedded, clock, append, connect, find };
}

async function nextBatch(tail: AsyncIterator<FeedBatch>): Promise<FeedBatch> {
  const { value: batch, done } = await tail.next();
  if (done === true) throw new Error('the tail has ended');
  return batch;
}

describe('the embedded log', () => {
  it('returns the time of its clock, and another head for each entry', async () => {
    const { append, clock } = given();
    const first = await append(block);
    const second = await append({ kind: 'lift' });
    expect(first).toMatchObject({ loggedAtMs: clock.wallMs(), redisReplicas: 0, repeated: false });
    expect(first.head).not.toBe(second.head);
  });

  it('writes nothing for a known id, and returns the outcome of the first time', async () => {
    const { append, clock, find } = given();
    const first = await append(block, 'a');
    await clock.advance(1000);
    await append({ kind: 'lift' }, 'b');
    expect(await append(block, 'a')).toEqual({ ...first, repeated: true });
    expect(await find()).toEqual({ verdict: 'active' });
  });

  it('refuses a known id for another statement, and writes nothing', async () => {
    const { append, find } = given();
    await append(block, 'a');
    await expect(append({ kind: 'lift' }, 'a')).rejects.toMatchObject({ code: 'id_conflict', applied: false });
    expect(await find()).toMatchObject({ verdict: 'revoked' });
  });

  it.each([
    ['at', 86_400_000, true],
    ['above', 86_400_001, false],
  ])('knows an id until its age is %s a day', async (_, ageMs, repeated) => {
    const { append, clock } = given();
    await append(block, 'a');
    await clock.advance(ageMs);
    await append(block, 'b');
    expect((await append(block, 'a')).repeated).toBe(repeated);
  });

  it('refuses a cutoff in the future and writes nothing', async () => {
    const { append, clock, connect } = given();
    const before = await (await connect()).position();
    const ahead = Math.floor(clock.wallMs() / 1000) + 61;
    await expect(append({ kind: 'cutoff', issuedUpTo: ahead })).rejects.toMatchObject({
      code: 'refused',
      applied: false,
    });
    expect((await (await connect()).position()).head).toBe(before.head);
  });

  it('writes an entry for a re-seed that changes a rule, and none for one that does not', async () => {
    const { append } = given();
    const { head } = await append(block);
    const known: Statement = { kind: 'seed', rule: { ...emptyRule, deniedUntil: 5, denialStamp: 1 } };
    expect((await append(known)).head).toBe(head);
    expect((await append({ kind: 'seed', rule: { ...emptyRule, issuedUpTo: 9 } })).head).not.toBe(head);
  });

  it('finds the value that an id denied while the journal has its entry', async () => {
    const { log } = given({ journalEntries: 2 });
    const deny = (id: string) =>
      log.append({ digest, statement: block, details: { id, kind: 'revoke', dimension: 'subject' } });
    await deny('a');
    await deny('b');
    expect(await log.denial('a')).toEqual({ digest, dimension: 'subject' });
    await deny('c');
    await expect(log.denial('a')).rejects.toMatchObject({ code: 'refused', applied: false });
    expect(await log.denial('b')).toEqual({ digest, dimension: 'subject' });
  });

  it('answers look-ups', async () => {
    const { append, find } = given();
    expect(await find()).toEqual({ verdict: 'active' });
    await append(block);
    expect(await find()).toEqual({ verdict: 'revoked', dimension: 'subject' });
    await append({ kind: 'lift' });
    expect(await find()).toEqual({ verdict: 'active' });
  });
});

describe('its feed', () => {
  it('has the rules as a snapshot and the later entries as a tail, in a chain', async () => {
    const { append, connect, clock } = given();
    await append(block);
    const connection = await connect();
    const position = await connection.position();
    const pages: Uint32Array[] = [];
    for await (const page of connection.snapshot()) pages.push(page);
    expect(pages.map((page) => page.byteLength)).toEqual([32]);

    await append({ kind: 'lift' }, 'lift');
    const tail = connection.tail(position)[Symbol.asyncIterator]();
    const batch = await nextBatch(tail);
    expect(batch.entries).toMatchObject([{ prev: position.head, change: { digest, details: { id: 'lift' } } }]);
    expect(batch.provenAtMs).toBe(clock.monotonicMs());
  });

  it('wakes a waiting reader at once, and otherwise twice a second', async () => {
    const { append, connect, clock } = given();
    const connection = await connect();
    const tail = connection.tail(await connection.position())[Symbol.asyncIterator]();
    await nextBatch(tail);
    const woken = nextBatch(tail);
    await append(block);
    expect((await woken).entries).toHaveLength(1);
    const quiet = nextBatch(tail);
    await clock.advance(500);
    expect((await quiet).entries).toHaveLength(0);
  });

  it('resumes from every position that its journal still has, and from no earlier one', async () => {
    const { append, connect } = given({ journalEntries: 3 });
    const start = await (await connect()).position();
    for (let index = 0; index < 3; index++) await append(block);
    const tail = (await connect()).tail(start)[Symbol.asyncIterator]();
    expect((await nextBatch(tail)).entries).toHaveLength(3);
    await append(block);
    const lost = (await connect()).tail(start)[Symbol.asyncIterator]();
    await expect(lost.next()).rejects.toMatchObject({ name: 'FeedGap', gap: 'position_lost' });
  });

  it('refuses a position of another log', async () => {
    const { connect } = given();
    const connection = await connect();
    const foreign = { ...(await connection.position()), epoch: 'f'.repeat(16) };
    await expect(connection.tail(foreign)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ gap: 'epoch' });
  });

  it('ends the tail of a connection that is closed', async () => {
    const { connect, clock } = given();
    const connection = await connect();
    const tail = connection.tail(await connection.position())[Symbol.asyncIterator]();
    await nextBatch(tail);
    const last = tail.next();
    connection.close();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(clock.sleeping).toBe(0);
  });
});
