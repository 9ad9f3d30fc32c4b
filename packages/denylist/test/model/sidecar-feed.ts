import { rowBytes, wordsOfRows } from '../../src/codec/rows.ts';
import { type Feed, type FeedConnection, FeedError, type FeedPosition } from '../../src/log/feed.ts';
import { Reporter } from '../../src/replication/reporter.ts';
import type { SimServer } from './sim-server.ts';
import { asReader, type Speaker } from './speaker.ts';
import { ask, deliver, type Network, StreamReader } from './stream-reader.ts';

export interface SidecarFeedOptions extends Network {
  readonly label: string;
  readonly speaker: Speaker;
}

/** A modelled sidecar or relay as a feed, over the present wire: one duplex connection and a snapshot. */
export function createSidecarFeed(options: SidecarFeedOptions): Feed {
  /** The secrets that the servers gave, by feed: what a reader needs to replace its own entry. */
  const secrets = new Map<string, string>();
  return {
    name: 'model sidecar',
    async connect() {
      const server = options.upstream();
      if (server === undefined) throw new FeedError('unreachable', 'no such server');
      return await openConnection(server, secrets, options);
    },
  };
}

async function openConnection(
  server: SimServer,
  secrets: Map<string, string>,
  options: SidecarFeedOptions,
): Promise<FeedConnection> {
  const { party, speaker, label } = options;
  const rows = speaker.rowsAt(undefined);
  const stream = await deliver(options, server, () =>
    server.join(party, { label, secret: secrets.get(server.feed), rows }),
  );
  const reader = new StreamReader(options, server, { stream });
  try {
    const welcome = await reader.readWelcome();
    secrets.set(server.feed, welcome.secret);
  } catch (error) {
    server.hangUp(stream);
    throw error;
  }
  const reporter = new Reporter(party, asReader(party.name, speaker), async (_, position) => {
    const moved = speaker.rowsAt(position);
    await deliver(options, server, () => server.report(stream, moved));
    return undefined;
  });
  return {
    ...snapshotOf(server, options),
    async *tail(from) {
      await deliver(options, server, () => server.resume(stream, from.cursor));
      yield* reader.follow(from.cursor);
    },
    acknowledge: (position) => reporter.reached(position),
    close() {
      reporter.close();
      server.hangUp(stream);
    },
  };
}

/** `GET /v1/snapshot`: position and rows in one answer. */
export function snapshotOf(
  server: SimServer,
  network: Network,
): Pick<FeedConnection, 'lifts' | 'position' | 'snapshot'> {
  let snapshot: { readonly position: FeedPosition; readonly rows: Uint8Array } | undefined;
  return {
    lifts: network.flaw === 'process unites lifts' ? 'union' : 'take',
    async position() {
      snapshot ??= await ask(network, server, () => server.snapshot());
      return snapshot.position;
    },
    async *snapshot() {
      const rows = snapshot?.rows ?? new Uint8Array();
      for (let at = 0; at < rows.byteLength; at += rowBytes) yield wordsOfRows(rows.subarray(at, at + rowBytes));
    },
  };
}
