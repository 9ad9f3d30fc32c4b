// A sidecar's feed with so many rules, in a process of its own: a snapshot of ten million must not disturb a load.
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
import { watchPauses } from '../pauses.ts';
import { numberIn, readSaid } from '../said.ts';
import { randomRows } from './random-rows.ts';

const pauses = watchPauses();

answerParent(async (order) => {
  if (order !== 'pauses') return { url: await serve(numberIn(readSaid(order), 'rules')) };
  const longestMs = pauses.longestMs();
  pauses.forget();
  return { longestMs };
});

async function serve(count: number): Promise<string> {
  const source = await openSource('memory:');
  const readers = new Readers(clock, randomHex(8));
  const replica = openReplica({ feed: source.feed, clock, random, maxRules: 20_000_000, reader: readers });
  await replica.ready({ timeoutMs: 5000 });
  const feedServer = createFeedServer({ replica, readers, clock });
  // Before anybody asks for a position, so that no change is numbered.
  replica.denylist.mergeRows(randomRows(count), 'union');
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
