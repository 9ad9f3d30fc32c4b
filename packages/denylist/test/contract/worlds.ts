import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@revocast/test-support';
import { Readers } from '../../src/http/server/readers/readers.ts';
import { createFeedServer } from '../../src/http/server/serve.ts';
import { paths } from '../../src/http/wire/wire.ts';
import type { Feed } from '../../src/log/feed.ts';
import type { LookUp } from '../../src/log/look-up.ts';
import type { OpenedSource } from '../../src/log/opened-source.ts';
import type { RevocationLog } from '../../src/log/revocation-log.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { openFeed } from '../../src/sources/open-feed.ts';
import { openLookUp } from '../../src/sources/open-look-up.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

/** One way to get from a log to a reader, over real servers and sockets. */
export interface World {
  readonly log: RevocationLog;
  readonly feed: Feed;
  readonly lookUp?: LookUp;
  /** Breaks every connection of the readers; the other side stays as it was. */
  breakConnections(): Promise<void>;
  close(): Promise<void>;
}

const ports = { clock, random, newEpoch: () => randomHex(8) };

async function openRedisWorld(): Promise<World & { readonly source: OpenedSource }> {
  const redis = await startRedis();
  const source = await openSource(redis.url, ports);
  await source.declareWhole?.();
  const heartbeat = source.startHeartbeat?.({ holder: 'contract' });
  const lookUp = await openLookUp(redis.url, { clock, random, timeoutMs: 500 });
  return {
    source,
    log: source.log,
    feed: source.feed,
    lookUp,
    async breakConnections() {
      const { Redis } = await import('ioredis');
      const client = new Redis(redis.url);
      await client.call('CLIENT', 'KILL', 'TYPE', 'normal');
      client.disconnect();
    },
    async close() {
      await heartbeat?.stop();
      await lookUp.close();
      await source.close();
      await redis.stop();
    },
  };
}

async function openMemoryWorld(): Promise<World & { readonly source: OpenedSource }> {
  const source = await openSource('memory:', ports);
  return {
    source,
    log: source.log,
    feed: source.feed,
    lookUp: source.lookUp,
    breakConnections: async () => {},
    close: () => source.close(),
  };
}

async function openFileWorld(): Promise<World & { readonly source: OpenedSource }> {
  const dir = await mkdtemp(join(tmpdir(), 'revocast-file-'));
  const source = await openSource(`file:${join(dir, 'revocations')}`, ports);
  await source.declareWhole?.();
  return {
    source,
    log: source.log,
    feed: source.feed,
    lookUp: source.lookUp,
    breakConnections: async () => {},
    async close() {
      await source.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/**
 * Puts a sidecar's server between a world and its readers.
 *
 * @param wire `last release`: the sidecar has no stream, as the one before it.
 */
async function putSidecarBefore(
  upstream: World & { readonly source: OpenedSource },
  wire: 'stream' | 'last release' = 'stream',
): Promise<World & { readonly source: OpenedSource }> {
  const { reseed } = upstream.source;
  const readers = new Readers({ clock, id: randomHex(8) });
  const replica = openReplica({
    feed: upstream.feed,
    clock,
    random,
    reader: readers,
    reseed,
  });
  const feedServer = createFeedServer({ replica, readers, log: upstream.log, clock });
  const server = createServer((request, response) => {
    const isUnknown = wire === 'last release' && request.url === paths.stream;
    if (isUnknown || !feedServer.handle(request, response)) response.writeHead(404).end();
  });
  if (wire === 'stream') {
    server.on('upgrade', (request, socket, head) => {
      if (!feedServer.upgrade(request, socket, head)) socket.destroy();
    });
  }
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const breakConnections = async () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const source = await openSource(`http://127.0.0.1:${port}`, ports);
  return {
    source,
    log: source.log,
    feed: await openFeed(`http://127.0.0.1:${port}`, ports),
    breakConnections,
    async close() {
      feedServer.close();
      await replica.close();
      await breakConnections();
      server.close();
      await source.close();
      await upstream.close();
    },
  };
}

/** Every implementation of the ports, by name. */
export const worlds: Readonly<Record<string, () => Promise<World>>> = {
  'the log in Redis': openRedisWorld,
  'an embedded log': openMemoryWorld,
  'a log in a file': openFileWorld,
  'a sidecar on Redis': async () => putSidecarBefore(await openRedisWorld()),
  'a sidecar on an embedded log': async () => putSidecarBefore(await openMemoryWorld()),
  'a sidecar on a log in a file': async () => putSidecarBefore(await openFileWorld()),
  'a relay: a sidecar on a sidecar on Redis': async () =>
    putSidecarBefore(await putSidecarBefore(await openRedisWorld())),
  'a sidecar on Redis, by the wire of the last release': async () =>
    putSidecarBefore(await openRedisWorld(), 'last release'),
  'a relay on a sidecar of the last release on an embedded log': async () =>
    putSidecarBefore(await putSidecarBefore(await openMemoryWorld(), 'last release')),
};
