import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openFeed, openReplica, openSource, systemClock, systemRandom } from '@revocast/denylist/replica';
import { createFeedServer } from '@revocast/denylist/server';
import { until } from '@revocast/test-support';
import { pino } from 'pino';
import { maxPages } from '../../src/console/live-updates.ts';
import { type RunningSidecar, startSidecar } from '../../src/index.ts';
import { adminConnections, otherConnections } from '../../src/listeners/bind-listeners.ts';

/** More than the buffers of the system hold for a client that reads nothing. */
const rules = 250_000;

interface Client {
  readonly socket: Socket;
  received(): string;
  isClosed(): boolean;
}

const clients: Client[] = [];
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await until(() => clients.every(({ socket }) => socket.destroyed), { what: 'the end of every client' });
  clients.length = 0;
});

/** Sends `text` and nothing more. It never closes its own half. */
function open(url: string, text: string, { reads = true } = {}): Client {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), allowHalfOpen: true });
  let received = '';
  let isClosed = false;
  if (reads) socket.on('data', (data) => (received += data));
  for (const event of ['error', 'end', 'close']) {
    socket.on(event, () => {
      isClosed = true;
    });
  }
  socket.write(text);
  const client = { socket, received: () => received, isClosed: () => isClosed };
  clients.push(client);
  return client;
}

const openMany = (count: number, ...args: Parameters<typeof open>) =>
  Array.from({ length: count }, () => open(...args));
const get = (path: string, ...headers: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`;
const halfOpen = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX-More: ';
const left = (some: readonly Client[]) => some.filter((client) => !client.isClosed()).length;
const live = async (adminUrl: string) => (await fetch(`${adminUrl}/livez`)).status;

async function endedSnapshots(adminUrl: string): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  const counted = metrics.matchAll(
    /^revocast_sidecar_http_requests_total\{route="\/v1\/snapshot",code="200"\} (\d+)/gm,
  );
  return [...counted].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Opens a feed and takes its snapshot. @returns the number of rules. */
async function readAll(dataUrl: string): Promise<number> {
  const ports = { clock: systemClock, random: systemRandom };
  const replica = openReplica({ feed: await openFeed(dataUrl, ports), ...ports });
  try {
    await until(() => replica.status().freshness.state === 'fresh', { what: 'a fresh reader', timeoutMs: 30_000 });
    return replica.status().rules;
  } finally {
    await replica.close();
  }
}

/** A sidecar with many rules, for the sidecar under attack to follow. */
async function startUpper() {
  const ports = { clock: systemClock, random: systemRandom };
  const source = await openSource('memory:', ports);
  const replica = openReplica({ feed: source.feed, ...ports });
  await until(() => replica.status().freshness.state === 'fresh', { what: 'the upper replica' });
  const deniedUntil = Math.floor(Date.now() / 1000) + 3600;
  const rule = { deniedUntil, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 };
  for (let index = 0; index < rules; index++) {
    replica.denylist.merge({ digest: Uint32Array.of(index * 2_654_435, index, 0, 1), rule }, 'union');
  }
  const feedServer = createFeedServer({ replica, clock: systemClock });
  const server = createServer((request, response) => feedServer.handle(request, response));
  server.on('upgrade', (request, socket, head) => feedServer.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    async stop() {
      feedServer.close();
      server.closeAllConnections();
      server.close();
      await replica.close();
      await source.close();
    },
  };
}

describe('given a sidecar under attack by its own host', () => {
  let upper: Awaited<ReturnType<typeof startUpper>>;
  let sidecar: RunningSidecar;
  beforeAll(async () => {
    upper = await startUpper();
    sidecar = await startSidecar(
      { source: upper.url, dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 },
      { log: pino({ level: 'silent' }) },
    );
    await until(async () => (await fetch(`${sidecar.adminUrl}/readyz`)).ok, {
      what: 'a ready sidecar',
      timeoutMs: 50_000,
    });
  }, 60_000);
  afterAll(async () => {
    await sidecar.stop();
    await upper.stop();
  });

  it('answers probes and a new reader beside half-open requests, unread snapshots and open pages', async () => {
    const { dataUrl, adminUrl } = sidecar;
    const heldBefore = process.memoryUsage().rss;
    const requests = [...openMany(250, dataUrl, halfOpen), ...openMany(250, adminUrl, halfOpen)];
    const snapshots = openMany(50, dataUrl, get('/v1/snapshot'), { reads: false });
    const pages = openMany(50, dataUrl, get('/console/events'));
    const requestsEndAtMs = performance.now() + 28_000;
    const [alive, read] = await Promise.all([live(adminUrl), readAll(dataUrl)]);
    expect({ alive, read }).toEqual({ alive: 200, read: rules });
    const page = open(dataUrl, get('/console/events'));
    await until(() => page.received().includes('data: {'), { what: 'the updates of one more page' });
    const replaced = pages.filter((each) => each.received().includes('event: replaced'));
    expect({ replaced: replaced.length }).toEqual({ replaced: 51 - maxPages });
    const heldMiB = (process.memoryUsage().rss - heldBefore) / 2 ** 20;
    // Unbounded, 50 snapshots of 8 MB and their buffers would be 400 MB.
    expect({ heldMiB, isBounded: heldMiB < 150 }).toMatchObject({ isBounded: true });
    await until(() => left(requests) === 0, {
      what: 'the end of every half-open request',
      timeoutMs: requestsEndAtMs - performance.now(),
    });
    await until(async () => (await endedSnapshots(adminUrl)) > snapshots.length, {
      what: 'the end of every unread snapshot',
      timeoutMs: 60_000,
    });
    for (const { socket } of snapshots) socket.resume();
    await until(() => left(snapshots) === 0, { what: 'the reset of every unread snapshot' });
    expect(await live(adminUrl)).toBe(200);
  }, 120_000);

  it('closes a refused upgrade whose client never closes its half', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const refused = [
      open(sidecar.dataUrl, get('/v1/stream', ...upgrade, 'Origin: https://evil.example')),
      open(sidecar.dataUrl, get('/v1/stream', ...upgrade)),
      open(sidecar.dataUrl, get('/console/unknown', ...upgrade)),
      open(sidecar.dataUrl, get('/console/unknown', 'Connection: Upgrade', 'Upgrade: h2c')),
    ];
    await until(() => left(refused) === 0, { what: 'the end of each upgrade' });
    // The server has closed both halves: what the client sends now is answered by a reset.
    await until(
      () => {
        for (const { socket } of refused) socket.write('x');
        return refused.every(({ socket }) => socket.destroyed);
      },
      { what: 'the reset of each socket' },
    );
    expect(refused.map((client) => client.received().split('\r\n', 1)[0])).toEqual([
      'HTTP/1.1 403 origin_refused',
      'HTTP/1.1 400 subprotocol_missing',
      'HTTP/1.1 404 not_found',
      'HTTP/1.1 404 Not Found',
    ]);
    for (const client of refused.filter((_, index) => index !== 1)) {
      expect(client.received().toLowerCase()).toContain('cross-origin-resource-policy: same-origin\r\n');
      expect(client.received().toLowerCase()).toContain('x-content-type-options: nosniff\r\n');
    }
  });

  it('cuts the longest unfinished requests when a listener has all of its connections', async () => {
    const { dataUrl, adminUrl } = sidecar;
    const most = { data: 1000 + otherConnections, admin: adminConnections };
    const attackers = {
      data: openMany(most.data + 20, dataUrl, halfOpen),
      admin: openMany(most.admin + 20, adminUrl, halfOpen),
    };
    await until(() => left(attackers.data) <= most.data && left(attackers.admin) <= most.admin, {
      what: 'the bound of both listeners',
      timeoutMs: 4000,
    });
    const fresh = await fetch(`${dataUrl}/v1/fresh`);
    expect({ alive: await live(adminUrl), fresh: fresh.status }).toEqual({ alive: 200, fresh: 200 });
  });
});
