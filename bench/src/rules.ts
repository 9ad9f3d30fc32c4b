import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  systemClock as clock,
  createFeedServer,
  openReplica,
  openSource,
  Readers,
  systemRandom as random,
  randomHex,
} from '@revocast/denylist/replica';

export interface RuleServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A sidecar's feed with so many rules, none of which concerns the tokens of the bench. */
export async function serveRules(count: number): Promise<RuleServer> {
  const source = await openSource('memory:', { clock, random, newEpoch: () => randomHex(8) });
  const readers = new Readers(clock, randomHex(8));
  const replica = openReplica({ feed: source.feed, clock, random, maxRules: 20_000_000, reader: readers });
  await replica.ready({ timeoutMs: 5000 });
  const feedServer = createFeedServer({ replica, readers, clock });
  // Before anybody asks for a position, so that no change is numbered.
  replica.denylist.mergeRows(randomRows(count), 'union');
  const server: Server = createServer((request, response) => {
    if (!feedServer.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      feedServer.close();
      server.closeAllConnections();
      server.close();
      await replica.close();
      await source.close();
    },
  };
}

/** Rows as a snapshot holds them, with digests that look like SHA-256 and denials for ever. */
export function randomRows(count: number): Uint8Array {
  const rows = new Uint8Array(count * 32);
  const view = new DataView(rows.buffer);
  for (let row = 0; row < count; row++) {
    for (let word = 0; word < 4; word++) view.setUint32(row * 32 + word * 4, Math.random() * 2 ** 32);
    view.setUint32(row * 32 + 16, 0xffff_ffff);
    view.setUint32(row * 32 + 24, 1);
  }
  return rows;
}
