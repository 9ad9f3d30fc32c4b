import { type Feed, FeedGap, type FeedPosition } from '@revocast/denylist/replica';

type FeedConnection = Awaited<ReturnType<Feed['connect']>>;

/** A feed that hides every gap: it relinks the entries, and after a gap it continues at the current position. */
export function withoutResync(feed: Feed): Feed {
  let epoch: string | undefined;
  return {
    name: feed.name,
    async connect(signal, reader) {
      const connection = await feed.connect(signal, reader);
      return {
        ...connection,
        lifts: connection.lifts,
        async position() {
          const position = await connection.position();
          epoch ??= position.epoch;
          return { ...position, epoch };
        },
        snapshot: () => connection.snapshot(),
        tail: (from) => relinked(connection, from),
        close: () => connection.close(),
      };
    },
  };
}

async function* relinked(connection: FeedConnection, from: FeedPosition): ReturnType<FeedConnection['tail']> {
  let { head } = from;
  let start = from;
  for (;;) {
    try {
      for await (const batch of connection.tail(start)) {
        const entries = batch.entries.map((entry) => {
          const linked = { ...entry, prev: head };
          head = entry.head;
          return linked;
        });
        yield { ...batch, entries };
      }
      return;
    } catch (error) {
      if (!(error instanceof FeedGap)) throw error;
      start = await connection.position();
      for await (const _page of connection.snapshot());
    }
  }
}
