import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { freePort } from '@revocast/test-support/free-port';
import { until } from '@revocast/test-support/until';
import { createHttpFeed } from '../../../src/http/client/feed.ts';
import { createFeedServer } from '../../../src/http/server/serve.ts';
import { paths } from '../../../src/http/wire/wire.ts';
import { type Feed, FeedError } from '../../../src/log/feed.ts';
import { openReplica } from '../../../src/replication/open-replica.ts';
import { type HttpSource, parseSource } from '../../../src/sources/source.ts';
import { systemClock } from '../../../src/system-clock.ts';
import { reader, ScriptedFeed } from '../../replication/scripted-feed.ts';

const closeAll: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closeAll.splice(0).reverse()) await close();
});

function sourceAt(port: number, sameHost = true): HttpSource {
  const source = parseSource(`http://127.0.0.1:${port}`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  return { ...source, sameHost };
}

/** @returns the port of a listener that hands every connection to `accept`. */
async function listen(accept: (socket: Socket) => void): Promise<number> {
  const server = createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeAll.push(() => server.close());
  return (server.address() as AddressInfo).port; // listening on TCP: never a string or null
}

const dial = (source: HttpSource) =>
  createHttpFeed(source, { clock: systemClock }).connect(new AbortController().signal, reader);

describe('a dial that fails because no sidecar runs', () => {
  const closed = () => listen((socket) => socket.once('data', () => socket.end()));
  const reset = () => listen((socket) => socket.resetAndDestroy());

  it.each([
    { what: 'no listener', portOf: freePort },
    { what: 'a port forwarder that closes the connection', portOf: closed },
    { what: 'a port forwarder that resets the connection', portOf: reset },
  ])('is repeated within 100 ms on the same host: $what', async ({ portOf }) => {
    await expect(dial(sourceAt(await portOf()))).rejects.toMatchObject({ code: 'unreachable', retryWithinMs: 100 });
  });

  it.each([
    { what: 'no listener', portOf: freePort },
    { what: 'a closed connection', portOf: closed },
  ])('is repeated after the growing pause on another host: $what', async ({ portOf }) => {
    const failed = dial(sourceAt(await portOf(), false));
    await expect(failed).rejects.toMatchObject({ code: 'unreachable', retryWithinMs: undefined });
  });
});

describe('the pause before the next dial', () => {
  /** The times of the dials of a replica, when the first `count` of them fail with `error`. */
  async function dialsMs(error: FeedError, count: number): Promise<number[]> {
    const clock = new FakeClock();
    const scripted = new ScriptedFeed();
    const startedMs = clock.monotonicMs();
    const times: number[] = [];
    scripted.refusals.push(...Array.from({ length: count }, () => error));
    const feed: Feed = {
      name: scripted.name,
      connect: () => {
        times.push(clock.monotonicMs() - startedMs);
        return scripted.connect();
      },
    };
    const replica = openReplica({ feed, clock, random: () => 1, maxStalenessMs: 5000 });
    closeAll.push(() => {
      const isClosed = replica.close();
      scripted.connections.at(-1)?.fail(new FeedError('closed', 'the test is over'));
      return isClosed;
    });
    await clock.advance(20_000);
    return times;
  }
  const pauses = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]!);

  it('stays at 100 ms however long the sidecar of this host is away', async () => {
    const absent = new FeedError('unreachable', 'no listener', { retryWithinMs: 100 });
    expect(pauses(await dialsMs(absent, 40))).toEqual(Array.from({ length: 40 }, () => 100));
  });

  it('doubles up to 2 s for every other cause', async () => {
    const busy = new FeedError('not_ready', 'too many readers');
    expect(pauses(await dialsMs(busy, 7))).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });
});

describe('a sidecar that listens before its first synchronisation is complete', () => {
  it('welcomes the reader on the first connection, as soon as it has a snapshot', async () => {
    const clock = new FakeClock();
    const log = new ScriptedFeed();
    let synchronised: () => void = () => {};
    const isSynchronised = new Promise<void>((resolve) => {
      synchronised = resolve;
    });
    log.afterPage = () => isSynchronised;
    const sidecar = openReplica({ feed: log, clock, random: () => 0.5 });
    const feedServer = createFeedServer({ replica: sidecar, clock });
    const answers: string[] = [];
    const server = createHttpServer((request, response) => {
      response.once('finish', () => answers.push(`${request.url} ${response.statusCode}`));
      if (!feedServer.handle(request, response)) response.writeHead(404).end();
    });
    let upgrades = 0;
    server.on('upgrade', (request, socket, head) => {
      upgrades += 1;
      feedServer.upgrade(request, socket, head);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
    const process = openReplica({ feed: createHttpFeed(sourceAt(port), { clock }), clock, random: () => 0.5 });
    closeAll.push(async () => {
      feedServer.close();
      const areClosed = [process.close(), sidecar.close()];
      log.connections.at(-1)?.fail(new FeedError('closed', 'the test is over'));
      await Promise.all(areClosed);
      server.closeAllConnections();
      server.close();
    });

    await until(() => feedServer.clients().open === 1, { what: 'the reader to join' });
    // The reader asks for a snapshot before it is welcome: denials are of use without a proof.
    for (let waitedMs = 0; waitedMs < 600; waitedMs += 100) await clock.advance(100);
    await until(() => answers.length === 1, { what: 'the first answer' });
    synchronised();
    await clock.advance(0);
    log.latest.deliver({ entries: [log.write()], provenAtMs: clock.monotonicMs() });
    await until(() => process.freshness.isFresh(), { what: 'the process to be fresh' });
    expect({ answers, upgrades }).toEqual({
      answers: [`${paths.snapshot} 503`, `${paths.snapshot} 200`],
      upgrades: 1,
    });
  });
});
