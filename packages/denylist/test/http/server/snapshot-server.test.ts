import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { SnapshotReader } from '../../../src/codec/snapshot-reader.ts';
import { SnapshotServer } from '../../../src/http/server/snapshot-server.ts';
import { emptyRule, forEver } from '../../../src/rules/rule.ts';
import { Denylist } from '../../../src/table/denylist.ts';

const feedId = 'f'.repeat(16);
const slotMs = 5000;
const lookMs = 250;
const leastBytes = 65_536 * 5;

/** A response whose reader takes nothing before {@link read}. */
class Response extends Writable {
  status: number | undefined;
  headers: Record<string, unknown> = {};
  body = Buffer.alloc(0);
  readonly socket = { bytesWritten: 0 };
  #reads = false;
  #continue: () => void = () => {};

  constructor() {
    super({ emitClose: true });
  }
  setHeader(name: string, value: unknown): void {
    this.headers[name] = value;
  }
  writeHead(status: number, headers: object): this {
    this.status = status;
    Object.assign(this.headers, headers);
    return this;
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.body = Buffer.concat([this.body, chunk]);
    if (this.#reads) done();
    else this.#continue = done;
  }
  async read(): Promise<void> {
    this.#reads = true;
    const closed = new Promise((resolve) => this.once('close', resolve));
    this.#continue();
    await closed;
  }
}

function given({ isNumbering = true } = {}) {
  const clock = new FakeClock();
  const denylist = new Denylist();
  const rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };
  for (let index = 0; index < 3; index++) denylist.merge({ digest: Uint32Array.of(index, 0, 0, 1), rule }, 'union');
  const known = { epoch: undefined as string | undefined, logNowMs: undefined as number | undefined };
  const replica = { denylist, logClock: { nowMs: () => known.logNowMs }, status: () => ({ epoch: known.epoch }) };
  const feed = { id: feedId, n: 7, isNumbering: () => isNumbering };
  const server = new SnapshotServer({ clock, replica: replica as never, feed: feed as never });
  const ask = async (count = 1) => {
    const responses = Array.from({ length: count }, () => new Response());
    for (const response of responses) server.handle(response as never);
    await clock.advance(0);
    return responses;
  };
  return { clock, server, known, ask };
}

const started = (responses: readonly Response[]) => responses.map(({ status }) => status === 200);

describe('a snapshot', () => {
  it('has the rules, the position, and what is known of the log', async () => {
    const { known, ask } = given();
    const [unknown] = await ask();
    Object.assign(known, { epoch: 'e'.repeat(16), logNowMs: 1000.5 });
    const [response] = await ask();
    const headers = [];
    for (const { read, each } of [unknown!, response!].map((each) => ({ each, read: each.read() }))) {
      await read;
      const reader = new SnapshotReader();
      reader.add(each.body);
      headers.push({ ...Object(reader.end()).header, at: each.headers['revocast-log-now'] });
    }
    const header = { feed: feedId, n: 7, rows: 3, maxTokenLifetimeSeconds: 86_400 };
    expect(headers).toEqual([
      { ...header, epoch: '0'.repeat(16), at: undefined },
      { ...header, epoch: 'e'.repeat(16), at: '1000.500' },
    ]);
  });

  it('is refused with 503 before the first synchronisation is complete', async () => {
    const { ask } = given({ isNumbering: false });
    const [response] = await ask();
    expect(response).toMatchObject({ status: 503, writableEnded: true });
  });
});

describe('the queue of snapshots', () => {
  it('sends eight at a time, and the next in their order as those end', async () => {
    const { clock, ask } = given();
    const responses = await ask(11);
    expect(started(responses)).toEqual([...Array(8).fill(true), false, false, false]);
    await responses[3]!.read();
    await clock.advance(0);
    expect(started(responses.slice(8))).toEqual([true, false, false]);
    responses[0]!.destroy();
    await clock.advance(0);
    expect(started(responses.slice(8))).toEqual([true, true, false]);
  });

  it('gives the place of one that is slow to the next after five seconds, and goes on with both', async () => {
    const { clock, ask } = given();
    const responses = await ask(9);
    for (let waitedMs = 0; waitedMs < slotMs - lookMs; waitedMs += lookMs) {
      for (const { socket } of responses) socket.bytesWritten += leastBytes;
      await clock.advance(lookMs);
    }
    for (const { socket } of responses) socket.bytesWritten += 1;
    await clock.advance(lookMs - 1);
    const before = started(responses)[8];
    await clock.advance(1);
    expect({ before, after: started(responses)[8] }).toEqual({ before: false, after: true });
    await responses[0]!.read();
    expect(responses[0]).toMatchObject({ writableFinished: true, body: { length: 48 + 3 * 32 + 4 } });
  });

  it('gives the place of one that takes nothing to the next at the next look', async () => {
    const { clock, ask } = given();
    const responses = await ask(9);
    responses[0]!.socket.bytesWritten = 1;
    await clock.advance(lookMs - 1);
    const before = started(responses)[8];
    await clock.advance(1);
    expect({ before, after: started(responses)[8], cut: responses[1]!.destroyed }).toEqual({
      before: false,
      after: true,
      cut: false,
    });
  });

  it('has one place for each snapshot, even when that lost its place before it ended', async () => {
    const { clock, ask } = given();
    const first = await ask(8);
    for (const { socket } of first) socket.bytesWritten = leastBytes;
    await clock.advance(slotMs);
    for (const response of first) response.destroy();
    await clock.advance(0);
    expect(started(await ask(9))).toEqual([...Array(8).fill(true), false]);
  });

  it('passes over a reader that has left', async () => {
    const { clock, ask } = given();
    const responses = await ask(10);
    responses[8]!.destroy();
    await clock.advance(0);
    responses[0]!.destroy();
    await clock.advance(0);
    expect(started(responses.slice(8))).toEqual([false, true]);
  });

  it('holds 1000 snapshots, and refuses one more until one has ended', async () => {
    const { clock, ask } = given();
    const responses = await ask(1001);
    expect(responses.map(({ status }) => status).filter((status) => status === 429).length).toBe(1);
    expect(responses[1000]).toMatchObject({ status: 429, headers: { 'retry-after': '1' }, writableEnded: true });
    responses[999]!.destroy();
    await clock.advance(0);
    expect(await ask(2)).toMatchObject([{ status: undefined }, { status: 429 }]);
  });
});

describe('a reader that takes less than 64 KiB a second', () => {
  it('is cut after five seconds; one that takes as much is not', async () => {
    const { clock, ask } = given();
    const [slow, enough] = await ask(2);
    slow!.socket.bytesWritten = leastBytes - 1;
    enough!.socket.bytesWritten = leastBytes;
    await clock.advance(slotMs);
    expect({ slow: slow!.destroyed, enough: enough!.destroyed }).toEqual({ slow: true, enough: false });
  });

  it('is cut in any five seconds, however much it took before', async () => {
    const { clock, ask } = given();
    const [response] = await ask();
    response!.socket.bytesWritten = 10 * leastBytes;
    await clock.advance(slotMs);
    const first = response!.destroyed;
    await clock.advance(slotMs);
    expect({ first, second: response!.destroyed }).toEqual({ first: false, second: true });
  });

  it('is not cut any more when the server is closed', async () => {
    const { clock, server, ask } = given();
    const [response] = await ask();
    server.close();
    await clock.advance(slotMs);
    expect({ destroyed: response!.destroyed, sleeping: clock.sleeping }).toEqual({ destroyed: false, sleeping: 0 });
  });
});
