// The feed of a sidecar in a child process, so that a snapshot of ten million rules does not disturb the load generator.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  systemClock as clock,
  openReplica,
  openSource,
  systemRandom as random,
  randomHex,
} from '@revocast/denylist/replica';
import { createFeedServer, Readers } from '@revocast/denylist/server';
import { answerParent } from '../answer-parent.ts';
import { numberIn, readMessage } from '../message.ts';
import { watchPauses } from '../pauses.ts';
import { randomRows } from './random-rows.ts';

/** A denylist keeps a copy of the longest page. */
const pageRows = 2048;
const pauses = watchPauses();

answerParent(async (order) => {
  if (order !== 'pauses') return { url: await serve(numberIn(readMessage(order), 'rules')) };
  const longestMs = pauses.longestMs();
  pauses.forget();
  return { longestMs };
});

async function serve(count: number): Promise<string> {
  const source = await openSource('memory:');
  const readers = new Readers({ clock, id: randomHex(8) });
  const replica = openReplica({ feed: source.feed, clock, random, maxRules: 20_000_000, reader: readers });
  await replica.ready({ timeoutMs: 5000 });
  const feedServer = createFeedServer({ replica, readers, clock });
  // Before the first reader connects, so that the feed server numbers no change.
  for (let merged = 0; merged < count; merged += pageRows) {
    replica.denylist.mergeRows(randomRows(Math.min(pageRows, count - merged)), 'union');
  }
  const server: Server = createServer((request, response) => {
    if (!feedServer.handle(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => {
    if (!feedServer.upgrade(request, socket, head)) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  return `http://127.0.0.1:${port}`;
}
