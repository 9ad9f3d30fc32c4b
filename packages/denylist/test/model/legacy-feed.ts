import { type Feed, FeedError } from '../../src/log/feed.ts';
import { Reporter } from '../../src/replication/reporter.ts';
import { type SidecarFeedOptions, snapshotOf } from './sidecar-feed.ts';
import { asReader } from './speaker.ts';
import { ask, StreamReader } from './stream-reader.ts';

/** The same over the wire of the last release: an event stream, and reports by name over requests of their own. */
export function createLegacyFeed(options: SidecarFeedOptions): Feed {
  const { party, label, speaker } = options;
  return {
    name: 'model sidecar, old wire',
    async connect() {
      const server = options.upstream();
      if (server === undefined) throw new FeedError('unreachable', 'no such server');
      const reporter = new Reporter(party, asReader(label, speaker), async (_, position) => {
        const rows = speaker.rowsAt(position);
        const own = rows.map((row) => ({ ...row, id: row.id === '' ? label : row.id }));
        await ask(options, server, () => server.reportLegacy(label, own));
        return undefined;
      });
      try {
        if (options.flaw !== 'proofs to unnamed readers') await reporter.join();
      } catch (error) {
        reporter.close();
        throw error;
      }
      return {
        ...snapshotOf(server, options),
        async *tail(from) {
          const stream = await ask(options, server, () => server.openLegacy(party, label, from.cursor));
          try {
            yield* new StreamReader(options, server, { stream, isLegacy: true }).follow(from.cursor);
          } finally {
            server.hangUp(stream);
          }
        },
        acknowledge: (position) => reporter.reached(position),
        close: () => reporter.close(),
      };
    },
  };
}
