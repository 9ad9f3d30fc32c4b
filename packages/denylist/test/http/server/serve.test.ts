import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import { encodeAppendRequest } from '../../../src/codec/append-request.ts';
import { decodeEvent } from '../../../src/codec/event.ts';
import { encodeReport } from '../../../src/codec/report.ts';
import { bytesOfRows } from '../../../src/codec/rows.ts';
import { SnapshotReader } from '../../../src/codec/snapshot-reader.ts';
import { get, type HttpClient, post, readAll } from '../../../src/http/client/client.ts';
import { createFeedServer, type FeedServerOptions } from '../../../src/http/server/serve.ts';
import { decodeProof, logNowHeader, parsePosition, paths } from '../../../src/http/wire/wire.ts';
import { FeedError } from '../../../src/log/feed.ts';
import { type AppendRequest, LogError, type RevocationLog } from '../../../src/log/revocation-log.ts';
import { openReplica } from '../../../src/replication/open-replica.ts';
import { type Digest, digestFromBytes, digestToHex } from '../../../src/rules/digest.ts';
import { emptyRule, forEver, type Rule } from '../../../src/rules/rule.ts';
import { parseSource } from '../../../src/sources/source.ts';
import { ScriptedFeed } from '../../replication/scripted-feed.ts';

const numbered = (index: number): Digest => Uint32Array.of(index, 0, 0, 1);
const block: Rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 1 };
const closeAll: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closeAll.splice(0)) await close();
});

/** A sidecar over a scripted log, behind a real server. Its time stands still. */
async function given(
  options: Partial<FeedServerOptions> & { maxRules?: number; prepare?: (feed: ScriptedFeed) => void } = {},
) {
  const { prepare, maxRules, ...rest } = options;
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  prepare?.(feed);
  const replica = openReplica({ feed, clock, random: () => 0.5, maxRules });
  const feedServer = createFeedServer({ replica, clock, ...rest });
  const server: Server = createServer((request, response) => {
    if (!feedServer.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const stop = new AbortController();
  closeAll.push(async () => {
    stop.abort();
    feedServer.close();
    const closed = replica.close();
    feed.connections.at(-1)?.fail(new FeedError('closed', 'the test is over'));
    await closed;
    server.closeAllConnections();
    server.close();
  });
  await clock.advance(0);

  const source = parseSource(`http://127.0.0.1:${port}`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  const client: HttpClient = { source, signal: stop.signal };
  const tell = async (...rules: (readonly [number, Rule])[]) => {
    const entries = rules.map(([index, rule]) => feed.write({ digest: numbered(index), rule, loggedAtMs: 1000 }));
    feed.latest.deliver({ entries });
    await clock.advance(0);
  };
  const beat = async () => {
    feed.latest.deliver({
      entries: [feed.write()],
      provenAtMs: clock.monotonicMs(),
      heartbeatLoggedAtMs: clock.wallMs(),
      logTime: { logMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
    });
    await clock.advance(0);
  };
  const report = async (reader: string, ...cursors: readonly string[]) => {
    const replica = { id: reader, failOpen: false, maxStalenessMs: 5000 };
    const replicas = cursors.length === 0 ? [replica] : cursors.map((cursor) => ({ ...replica, cursor }));
    const response = await post(client, paths.acks, encodeReport({ reader, replicas }));
    response.resume();
    expect(response.statusCode).toBe(204);
  };
  const snapshot = async () => {
    const response = await get(client, paths.snapshot);
    const reader = new SnapshotReader();
    reader.add(await readAll(response, 1e7));
    const decoded = reader.end();
    if (typeof decoded === 'string') throw new Error(decoded);
    const rows = Buffer.concat([...decoded.pages].map(bytesOfRows));
    const digests = Array.from({ length: decoded.header.rows }, (_, row) => digestFromBytes(rows, row * 32));
    return { ...decoded, digests: digests.map(digestToHex), position: `${decoded.header.feed}.${decoded.header.n}` };
  };
  const events = async (lastEventId: string | undefined, reader?: string) => {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await get(reader === undefined ? client : { ...client, reader }, paths.events, headers);
    return { response, ...collect(response) };
  };
  return { ...{ clock, feed, replica, feedServer, client, tell, beat, report, snapshot, events } };
}

/** What an event stream says, frame by frame. */
function collect(response: IncomingMessage) {
  const frames: string[] = [];
  const seen = { ended: false };
  let text = '';
  response.on('data', (bytes) => {
    const parts = (text + String(bytes)).split('\n\n');
    text = parts.pop() ?? '';
    frames.push(...parts);
  });
  response.on('end', () => {
    seen.ended = true;
  });
  response.on('error', () => {});
  const rules = () =>
    frames.flatMap((frame) => {
      const match = /^id: (.*)\nevent: rule\ndata: (.*)$/.exec(frame);
      const event = match === null ? undefined : decodeEvent(match[2]!);
      return event?.kind === 'rule' ? [{ id: match![1]!, event }] : [];
    });
  const proofs = () => frames.flatMap((frame) => /^event: proof\ndata: (.*)$/.exec(frame)?.[1] ?? []).map(decodeProof);
  return { frames, rules, proofs, seen };
}

const bodyOf = async (response: IncomingMessage): Promise<unknown> =>
  JSON.parse(Buffer.from(await readAll(response, 1e5)).toString('utf8'));

describe('without a stream', () => {
  /** The replica looks once a second for what time has ended. */
  const timersOfReplica = 1;

  it('a server runs no timer', async () => {
    const { clock } = await given();
    expect(clock.sleeping).toBe(timersOfReplica);
  });

  it('runs the timer of the last release only while one is open', async () => {
    const { clock, events, snapshot, beat } = await given();
    await beat();
    const { response, frames } = await events((await snapshot()).position, 'r');
    expect(clock.sleeping).toBe(timersOfReplica + 1);
    await clock.advance(3000);
    await until(() => frames.filter((frame) => frame === ': quiet').length === 3, { what: 'three comments' });
    response.destroy();
    const isOver = async () => {
      await clock.advance(1000);
      return clock.sleeping === timersOfReplica;
    };
    await until(isOver, { what: 'the end of the timer' });
  });
});

describe('before the first synchronisation is complete', () => {
  it('a snapshot and a proof are refused with 503, because half a list looks whole', async () => {
    const { client, feed, clock } = await given({
      prepare: (log) => log.refusals.push(new FeedError('unreachable', 'down')),
    });
    for (const path of [paths.snapshot, paths.fresh]) {
      const response = await get(client, path);
      expect([response.statusCode, await bodyOf(response)]).toEqual([
        503,
        expect.objectContaining({ error: path === paths.snapshot ? 'not_ready' : 'not_fresh' }),
      ]);
    }
    await clock.advance(1000);
    expect(feed.snapshots).toBe(1);
    const response = await get(client, paths.snapshot);
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});

describe('the snapshot', () => {
  it('is the whole denylist, where its stream stands, and the log’s clock', async () => {
    const { client, tell, beat, snapshot, clock, feed } = await given({
      prepare: (log) => log.hold(numbered(9), block),
    });
    await tell([1, block], [2, block]);
    await beat();
    const { header, digests } = await snapshot();
    expect([...digests].sort()).toEqual([1, 2, 9].map((index) => digestToHex(numbered(index))));
    expect(header).toMatchObject({ rows: 3, maxTokenLifetimeSeconds: feed.maxTokenLifetimeSeconds });
    const response = await get(client, paths.snapshot);
    response.resume();
    expect(Number(response.headers[logNowHeader])).toBe(clock.wallMs());
    expect(response.headers['cache-control']).toBe('no-store');
  });

  it('still goes out while a hole is being mended: what is held is held', async () => {
    const { tell, snapshot, feed } = await given();
    await tell([1, block]);
    feed.latest.fail(new FeedError('closed', 'lost'));
    expect((await snapshot()).header.rows).toBe(1);
  });
});

describe('the stream of events', () => {
  it.each([
    ['no position', () => undefined],
    ['something else for a position', () => '1767225600000-0'],
    ['a position of another life', () => `${'0'.repeat(16)}.4`],
    ['a position that it has not reached', (feed: string) => `${feed}.99`],
    ['a position that it no longer has', (feed: string) => `${feed}.1`],
  ])('answers 410 to %s', async (_, position) => {
    const { tell, snapshot, events } = await given({ journalEntries: 3 });
    const { header } = await snapshot();
    for (let index = 1; index <= 5; index++) await tell([index, block]);
    const { response } = await events(position(header.feed));
    expect(response.statusCode).toBe(410);
  });

  it('resumes after a position with everything since, whatever its cause', async () => {
    const { tell, snapshot, events, feed, clock } = await given();
    await tell([1, block]);
    const { position } = await snapshot();
    await tell([2, block]);
    // A resync teaches a rule that never was in the tail.
    feed.flush('e2');
    feed.hold(numbered(3), block);
    feed.latest.deliver({ entries: [feed.write()] });
    await clock.advance(2000);
    const { rules } = await events(position);
    await until(() => rules().length === 2, { what: 'both changes' });
    expect(rules().map(({ event }) => event.digest)).toEqual([numbered(2), numbered(3)]);
    const from = parsePosition(position)?.n ?? Number.NaN;
    expect(rules().map(({ id }) => parsePosition(id)?.n)).toEqual([from + 1, from + 2]);
    expect(rules()[1]?.event).toMatchObject({ loggedAtMs: undefined });
  });

  it('continues a snapshot without losing or repeating a change, however they interleave', async () => {
    const { tell, snapshot, events } = await given();
    await snapshot();
    const all = new Set<string>();
    let writing = true;
    const writer = (async () => {
      for (let index = 1; writing; index++) {
        await tell([index, block]);
        all.add(digestToHex(numbered(index)));
      }
    })();
    const readers = [];
    for (let round = 0; round < 15; round++) {
      const { digests, position } = await snapshot();
      readers.push({ digests, start: position, ...(await events(position)) });
    }
    writing = false;
    await writer;
    for (const { digests, start, rules } of readers) {
      const from = parsePosition(start)?.n ?? Number.NaN;
      expect(digests).toHaveLength(from);
      await until(() => from + rules().length === all.size, { what: 'every change' });
      const streamed = rules();
      expect(streamed.map(({ id }) => parsePosition(id)?.n)).toEqual(streamed.map((_, index) => from + index + 1));
      expect(new Set([...digests, ...streamed.map(({ event }) => digestToHex(event.digest))])).toEqual(all);
    }
  });

  it('stamps when the first process on the host received a change, and leaves an earlier stamp', async () => {
    const { beat, snapshot, events, feed, clock } = await given();
    await beat();
    const { position } = await snapshot();
    feed.latest.deliver({
      entries: [
        feed.write({ digest: numbered(1), rule: block, loggedAtMs: 1000 }),
        feed.write({ digest: numbered(2), rule: block, loggedAtMs: 1000, receivedAtMs: 1005 }),
      ],
    });
    await clock.advance(0);
    const { rules } = await events(position);
    await until(() => rules().length === 2, { what: 'both changes' });
    expect(rules().map(({ event }) => event.receivedAtMs)).toEqual([clock.wallMs(), 1005]);
  });

  it('is never silent for longer than a second', async () => {
    const { snapshot, events, clock } = await given();
    const { frames } = await events((await snapshot()).position);
    await until(() => frames.length === 1, { what: 'the first frame' });
    await clock.advance(1000);
    await until(() => frames.includes(': quiet'), { what: 'a sign of life' });
  });

  it('says goodbye', async () => {
    const { snapshot, events, feedServer } = await given();
    const { frames, seen } = await events((await snapshot()).position);
    await until(() => feedServer.clients().count === 1, { what: 'the reader' });
    feedServer.sayGoodbye();
    await until(() => seen.ended, { what: 'the end' });
    expect(frames.at(-1)).toMatch(/^event: goodbye/);
    expect(feedServer.clients()).toEqual({ count: 0, open: 0, cut: 0, behind: 0 });
  });

  it('gives a reader that was away its whole backlog, and then what comes', async () => {
    const { tell, snapshot, events, feedServer } = await given();
    const { position } = await snapshot();
    for (let index = 1; index <= 2000; index += 100) {
      await tell(...Array.from({ length: 100 }, (_, offset) => [index + offset, block] as const));
    }
    const { rules } = await events(position);
    await tell([3000, block]);
    await until(() => rules().length === 2001, { what: 'the backlog and one more' });
    expect(feedServer.clients()).toEqual({ count: 1, open: 1, cut: 0, behind: 0 });
  });
});

describe('how far the slowest follower is behind', () => {
  /** Two followers that have applied everything, and the positions that follow. */
  async function followed() {
    const world = await given();
    const { position } = await world.snapshot();
    const [feed = ''] = position.split('.');
    const at = (n: number) => `${feed}.${n}`;
    const streams = new Map<string, IncomingMessage>();
    for (const reader of ['quick', 'slow']) {
      await world.report(reader, position);
      streams.set(reader, (await world.events(position, reader)).response);
    }
    await until(() => world.feedServer.clients().count === 2, { what: 'both followers' });
    return { ...world, at, streams, behind: () => world.feedServer.clients().behind };
  }

  it('is what the one that is held back has not reported, whoever else has', async () => {
    const { tell, report, at, behind } = await followed();
    expect(behind()).toBe(0);
    await tell([1, block], [2, block], [3, block]);
    expect(behind()).toBe(3);
    await report('quick', at(3));
    expect(behind()).toBe(3);
    await report('slow', at(1));
    expect(behind()).toBe(2);
    await report('slow', at(3));
    expect(behind()).toBe(0);
  });

  it('grows while it is silent, however long, and ends with its stream', async () => {
    const { tell, report, at, behind, clock, streams, feedServer } = await followed();
    await tell([1, block]);
    await clock.advance(60_000);
    await report('quick', at(1));
    await tell([2, block]);
    await report('quick', at(2));
    expect(behind()).toBe(2);
    streams.get('slow')?.destroy();
    await until(() => feedServer.clients().count === 1, { what: 'its end' });
    expect(behind()).toBe(0);
  });

  it('is that of the last replica behind a relay', async () => {
    const { tell, report, at, behind } = await followed();
    await tell([1, block], [2, block]);
    await report('quick', at(2));
    await report('slow', at(2), at(0));
    expect(behind()).toBe(2);
  });

  it('is known again at once when one comes back where it was', async () => {
    const { tell, report, events, at, behind, streams, feedServer } = await followed();
    await report('quick', at(0));
    streams.get('slow')?.destroy();
    await until(() => feedServer.clients().count === 1, { what: 'its end' });
    await tell([1, block]);
    await report('quick', at(1));
    await events(at(0), 'slow');
    await until(() => feedServer.clients().count === 2, { what: 'its return' });
    expect(behind()).toBe(1);
  });

  it('says nothing of one that has not synchronised, or that speaks of another life of this feed', async () => {
    const { tell, report, events, at, behind, feedServer } = await followed();
    await report('new');
    await events(at(0), 'new');
    await until(() => feedServer.clients().count === 3, { what: 'the third' });
    await tell([1, block]);
    for (const reader of ['quick', 'slow']) await report(reader, at(1));
    await report('new', '0123456789abcdef.0');
    expect(behind()).toBe(0);
  });

  it('is never less than nothing, whatever a follower claims', async () => {
    const { report, at, behind } = await followed();
    for (const reader of ['quick', 'slow']) await report(reader, at(1000));
    expect(behind()).toBe(0);
  });
});

describe('a proof', () => {
  it('goes to a reader that reports, behind every change before it', async () => {
    const { tell, beat, report, snapshot, events, clock } = await given();
    await report('r1');
    const { frames, rules, proofs } = await events((await snapshot()).position, 'r1');
    await until(() => frames.length === 1, { what: 'the first frame' });
    await tell([1, block]);
    await beat();
    await until(() => proofs().length === 1, { what: 'the proof' });
    expect(rules()).toHaveLength(1);
    expect(frames.findIndex((frame) => frame.includes('rule'))).toBeLessThan(
      frames.findIndex((frame) => frame.includes('proof')),
    );
    expect(proofs()[0]).toMatchObject({
      provenAtMs: clock.monotonicMs(),
      heartbeatLoggedAtMs: clock.wallMs(),
      logAtProofMs: clock.wallMs(),
    });
  });

  it('held already is told to a reader that comes, behind its backlog', async () => {
    const { tell, beat, report, snapshot, events, clock } = await given();
    await report('r1');
    const { position } = await snapshot();
    await tell([1, block]);
    await beat();
    const proven = { provenAtMs: clock.monotonicMs(), logAtProofMs: clock.wallMs() };
    await clock.advance(700);
    const { frames, proofs } = await events(position, 'r1');
    await until(() => proofs().length === 1, { what: 'the proof' });
    expect(frames[0]).toContain('event: rule');
    // The log's time of the proof, not of the sending: nobody knows how long a frame waits to be read.
    expect(proofs()[0]).toMatchObject(proven);
  });

  it.each([
    ['never reported', undefined],
    ['is not named', 'r2'],
  ])('does not go to a reader that %s', async (_, name) => {
    const { tell, beat, report, snapshot, events } = await given();
    await report('r1');
    const { rules, proofs } = await events((await snapshot()).position, name);
    await beat();
    await tell([1, block]);
    await until(() => rules().length === 1, { what: 'the change' });
    expect(proofs()).toEqual([]);
  });

  it('does not go out from a sidecar that is not fresh itself', async () => {
    const { tell, report, snapshot, events, beat, replica } = await given({ maxRules: 1 });
    await tell([1, block]);
    const { position } = await snapshot();
    await tell([2, block]);
    expect(replica.freshness.status().cause).toBe('capacity');
    await report('r1');
    const { frames, proofs } = await events(position, 'r1');
    await beat();
    await tell([1, { ...block, issuedUpTo: 5 }]);
    await until(() => frames.some((frame) => frame.includes('rule')), { what: 'the raised rule' });
    expect(proofs()).toEqual([]);
  });
});

describe('the question how old the proof is', () => {
  it('is answered with the age and the position it speaks of', async () => {
    const { client, tell, beat, clock, snapshot } = await given();
    await tell([1, block]);
    await beat();
    await clock.advance(300);
    const response = await get(client, paths.fresh);
    expect([response.statusCode, await bodyOf(response)]).toEqual([
      200,
      { position: (await snapshot()).position, ageMs: 300, logNowMs: clock.wallMs() },
    ]);
  });

  it('is answered 503 once the proof is too old', async () => {
    const { client, beat, clock } = await given();
    await beat();
    await clock.advance(5001);
    const response = await get(client, paths.fresh);
    response.resume();
    expect(response.statusCode).toBe(503);
  });

  it('is answered 503 to a reader that does not report', async () => {
    const { client, beat, report, snapshot, events } = await given();
    await beat();
    await report('r1');
    await events((await snapshot()).position, 'r1');
    const statusFor = async (reader: string) => {
      const response = await get({ ...client, reader }, paths.fresh);
      response.resume();
      return response.statusCode;
    };
    expect([await statusFor('r1'), await statusFor('r2')]).toEqual([200, 503]);
  });
});

describe('a revocation handed in', () => {
  const request: AppendRequest = {
    digest: numbered(1),
    statement: { kind: 'deny', until: forEver },
    details: { id: 'e1', kind: 'revoke' },
    redisReplicas: 'all',
  };
  const logAnswering = (answer: () => Promise<Awaited<ReturnType<RevocationLog['append']>>>) => {
    const requests: AppendRequest[] = [];
    const log: RevocationLog = {
      append(asked) {
        requests.push(asked);
        return answer();
      },
      restore: () => Promise.reject(new Error('not asked here')),
      async denial(id) {
        if (id !== 'known') throw new LogError('refused', 'as the log says');
        return { digest: numbered(1), dimension: 'grant' };
      },
      enforcement: () => Promise.reject(new Error('not asked here')),
      close: async () => {},
    };
    return { log, requests };
  };
  const appended = {
    ...{ epoch: 'e1', head: 'h1', cursor: '1', loggedAtMs: 5, redisReplicas: 1, repeated: false },
    evictionPolicy: 'unsafe' as const,
  };

  it('goes to the log, and what became of it is the answer', async () => {
    const { log, requests } = logAnswering(async () => appended);
    const { client } = await given({ log });
    const response = await post(client, paths.revocations, encodeAppendRequest(request));
    expect([response.statusCode, await bodyOf(response)]).toEqual([201, appended]);
    expect(requests).toEqual([request]);
  });

  it('on an unknown number of copies is answered with a number too, which the last release needs', async () => {
    const { log } = logAnswering(async () => ({ ...appended, redisReplicas: null }));
    const { client } = await given({ log });
    const answer = await bodyOf(await post(client, paths.revocations, encodeAppendRequest(request)));
    expect(answer).toEqual({ ...appended, redisReplicas: 0, redisReplicasUnknown: true });
  });

  it.each([
    ['refused', 422],
    ['id_conflict', 409],
    ['clock_disagreement', 503],
    ['too_many_broad_rules', 429],
    ['unavailable', 503],
    ['outcome_unknown', 504],
    ['not_durable', 507],
  ] as const)('that the log answers with %s is answered %i', async (code, status) => {
    const { log } = logAnswering(() => Promise.reject(new LogError(code, 'as the log says')));
    const { client } = await given({ log });
    const response = await post(client, paths.revocations, encodeAppendRequest(request));
    expect([response.statusCode, await bodyOf(response)]).toEqual([
      status,
      { error: code, message: 'as the log says' },
    ]);
  });

  it('on which the log breaks is answered 500, without its reason', async () => {
    const { log } = logAnswering(() => Promise.reject(new TypeError('s3cret')));
    const { client } = await given({ log });
    const response = await post(client, paths.revocations, encodeAppendRequest(request));
    expect(response.statusCode).toBe(500);
    expect(JSON.stringify(await bodyOf(response))).not.toContain('s3cret');
  });

  it.each([
    ['cannot be read', '{'],
    ['is too large', `{"v":1,"more":"${'x'.repeat(5_000_000)}"}`],
  ])('that %s is answered 400 and never reaches the log', async (_, body) => {
    const { log, requests } = logAnswering(async () => appended);
    const { client } = await given({ log });
    const response = await post(client, paths.revocations, body);
    expect([response.statusCode, await bodyOf(response)]).toEqual([
      400,
      expect.objectContaining({ error: 'malformed_request' }),
    ]);
    expect(requests).toEqual([]);
  });

  it.each([
    ['known', 200, { digest: digestToHex(numbered(1)), dimension: 'grant' }],
    ['forgotten', 422, { error: 'refused', message: 'as the log says' }],
    ['', 400, { error: 'malformed_request', message: 'expected ids of 1–128 characters' }],
    ['x'.repeat(129), 400, { error: 'malformed_request', message: 'expected ids of 1–128 characters' }],
  ])('is found again by its id "%s"', async (id, status, body) => {
    const { client } = await given({ log: logAnswering(async () => appended).log });
    const response = await get(client, `${paths.revocations}?id=${id}`);
    expect([response.statusCode, await bodyOf(response)]).toEqual([status, body]);
  });

  it('to a sidecar that takes none is left to the listener', async () => {
    const { client } = await given();
    const response = await post(client, paths.revocations, encodeAppendRequest(request));
    response.resume();
    expect(response.statusCode).toBe(404);
  });
});

describe('any other request', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/snapshot'],
    ['GET', '/v2/snapshot'],
    ['GET', '/v1/snapshot/'],
    ['GET', '/v1/revocations'],
    ['POST', '/v1/snapshot'],
    ['POST', '/v1/events'],
  ])('is left to the listener: %s %s', async (method, path) => {
    const { client } = await given();
    const response = method === 'GET' ? await get(client, path) : await post(client, path, '{}');
    response.resume();
    expect(response.statusCode).toBe(404);
  });

  it('with a query is answered by its path', async () => {
    const { client } = await given();
    const response = await get(client, `${paths.snapshot}?from=curl`);
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});
