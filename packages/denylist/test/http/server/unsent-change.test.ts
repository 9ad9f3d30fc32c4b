import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import { WebSocket } from 'ws';
import { encodeReport } from '../../../src/codec/report.ts';
import { get, type HttpClient, post } from '../../../src/http/client/client.ts';
import { Journal } from '../../../src/http/server/journal.ts';
import { createFeedServer } from '../../../src/http/server/serve.ts';
import { decodeDown } from '../../../src/http/wire/frames/down.ts';
import { FrameWriter } from '../../../src/http/wire/frames/frame-writer.ts';
import { encodeUp } from '../../../src/http/wire/frames/up.ts';
import { streamProtocol } from '../../../src/http/wire/stream.ts';
import { paths } from '../../../src/http/wire/wire.ts';
import { FeedError } from '../../../src/log/feed.ts';
import { openReplica } from '../../../src/replication/open-replica.ts';
import type { Change } from '../../../src/rules/event.ts';
import { emptyRule, forEver } from '../../../src/rules/rule.ts';
import { parseSource } from '../../../src/sources/source.ts';
import { ScriptedFeed } from '../../replication/scripted-feed.ts';

const closeAll: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closeAll.splice(0).reverse()) await close();
  jest.restoreAllMocks();
});

const changeOf = (index: number): Change => ({
  digest: Uint32Array.of(index, 0, 0, 1),
  rule: { ...emptyRule, deniedUntil: forEver, denialStamp: 1 },
});
/** It is merged and numbered, and cannot be written into a frame. */
const unwritable = (): Change => {
  const id = {
    toJSON: () => {
      throw new Error('no JSON');
    },
  };
  return { ...changeOf(1), details: { id: id as never, kind: 'revoke' } };
};

/** A fresh sidecar over a scripted log, with a reader on each of its wires. */
async function givenReaders({ listener }: { readonly listener?: (change: Change) => void } = {}) {
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  const replica = openReplica({ feed, clock, random: () => 0.5 });
  if (listener !== undefined) replica.denylist.onChange(listener);
  const sidecar = createFeedServer({ replica, clock });
  const server = createServer((request, response) => void sidecar.handle(request, response));
  server.on('upgrade', (request, socket, head) => void sidecar.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const stop = new AbortController();
  closeAll.push(async () => {
    stop.abort();
    sidecar.close();
    const closed = replica.close();
    feed.connections.at(-1)?.fail(new FeedError('closed', 'the test is over'));
    await closed;
    server.closeAllConnections();
    server.close();
  });
  const deliver = async (changes: readonly Change[], isProof: boolean) => {
    const entries = changes.map((change) => feed.write(change));
    feed.latest.deliver({ entries, provenAtMs: isProof ? clock.monotonicMs() : undefined });
    await clock.advance(0);
  };
  const beat = async () => {
    await clock.advance(1);
    await deliver([], true);
  };
  await clock.advance(0);
  await beat();

  const source = parseSource(`http://127.0.0.1:${port}`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  const client: HttpClient = { source, signal: stop.signal };
  const stream = await followStream(port);
  const events = await followEvents({ ...client, reader: 'last-release' }, stream.feed);
  const asksFresh = async () => {
    const response = await get(client, paths.fresh);
    response.resume();
    return response.statusCode;
  };
  return { ...{ clock, feed, deliver, beat, stream, events, asksFresh } };
}

/** What a reader is sent, in order, and whether it was disconnected. */
interface Seen {
  readonly kinds: string[];
  isClosed: boolean;
}

async function followStream(port: number) {
  const seen: Seen & { feed: string } = { kinds: [], isClosed: false, feed: '' };
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}${paths.stream}`, streamProtocol);
  const writer = new FrameWriter('slab');
  const join = { kind: 'join', relay: false, failOpen: false, maxStalenessMs: 5000, label: 'api' } as const;
  webSocket.on('open', () => webSocket.send(encodeUp(writer, join)));
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => {
    seen.isClosed = true;
  });
  webSocket.on('message', (data) => {
    const frame = Buffer.isBuffer(data) ? decodeDown(data) : undefined;
    if (frame === undefined) return;
    seen.kinds.push(frame.kind);
    if (frame.kind !== 'welcome') return;
    seen.feed = frame.feed;
    webSocket.send(encodeUp(writer, { kind: 'follow', feed: frame.feed, n: frame.n }));
  });
  closeAll.push(() => webSocket.terminate());
  await until(() => seen.kinds.includes('heartbeat'), { what: 'the first heartbeat' });
  seen.kinds.length = 0;
  return seen;
}

async function followEvents(client: HttpClient, feed: string) {
  const seen: Seen = { kinds: [], isClosed: false };
  const replica = { id: 'last-release', failOpen: false, maxStalenessMs: 5000 };
  const reported = await post(client, paths.acks, encodeReport({ reader: 'last-release', replicas: [replica] }));
  reported.resume();
  const response = await get(client, paths.events, { 'last-event-id': `${feed}.0` });
  response.on('data', (bytes) => {
    for (const [, kind] of String(bytes).matchAll(/^event: (\w+)$/gm)) seen.kinds.push(kind ?? '');
  });
  response.on('error', () => undefined);
  response.on('close', () => {
    seen.isClosed = true;
  });
  await until(() => seen.kinds.includes('proof'), { what: 'the first proof' });
  seen.kinds.length = 0;
  return seen;
}

describe('while a change has a number and is not in the journal', () => {
  it('no wire states a proof, and each does as soon as nothing is missing', async () => {
    const { deliver, beat, stream, events, asksFresh } = await givenReaders();
    expect(await asksFresh()).toBe(200);
    const lostFrame = jest.spyOn(Journal.prototype, 'add').mockImplementation(() => undefined);
    const hole = jest.spyOn(Journal.prototype, 'skipTo').mockImplementation(() => undefined);
    await deliver([changeOf(1)], false);
    await beat();
    const fresh = await asksFresh();
    lostFrame.mockRestore();
    hole.mockRestore();
    await beat();
    expect(await asksFresh()).toBe(200);
    await until(() => stream.isClosed && events.isClosed, {
      what: 'both readers, which lack the change, disconnected',
    });
    expect({ fresh, stream: stream.kinds, events: events.kinds }).toEqual({ fresh: 503, stream: [], events: [] });
  });
});

describe('a change that cannot be written into a frame', () => {
  it.each([
    ['alone', [unwritable()]],
    ['before another one', [unwritable(), changeOf(2)]],
    ['behind another one', [changeOf(2), unwritable()]],
  ])('%s, disconnects the readers that lack it, and lets no proof pass to them', async (_, changes) => {
    const { clock, feed, deliver, beat, stream, events, asksFresh } = await givenReaders();
    await deliver(changes, true);
    await clock.advance(1000);
    expect(feed.connections).toHaveLength(2);
    await beat();
    await until(() => stream.isClosed && events.isClosed, {
      what: 'both readers, which lack the change, disconnected',
    });
    expect([stream.kinds, events.kinds].flat()).not.toContain('heartbeat');
    expect([stream.kinds, events.kinds].flat()).not.toContain('proof');
    expect(await asksFresh()).toBe(200);
  });
});

describe('an error of another listener of the denylist', () => {
  it('keeps no change from the readers: each proof comes behind it', async () => {
    const failing = jest.fn(() => {
      throw new Error('a listener failed');
    });
    const { clock, deliver, beat, stream, events, asksFresh } = await givenReaders({ listener: failing });
    await deliver([changeOf(1)], true);
    await clock.advance(1000);
    await beat();
    await until(() => stream.kinds.length === 2 && events.kinds.length === 2, {
      what: 'a change and a proof for each',
    });
    expect({ stream: stream.kinds, events: events.kinds }).toEqual({
      stream: ['changes', 'heartbeat'],
      events: ['rule', 'proof'],
    });
    expect(failing).toHaveBeenCalledTimes(1);
    expect(await asksFresh()).toBe(200);
  });
});
