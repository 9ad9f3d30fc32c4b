// One reader in a process of its own: a replica behind a sidecar, or the bare hop of a Redis stream beside it.
import { systemClock as clock, openFeed, openReplica, systemRandom as random } from '@revocast/denylist/replica';
import { Redis } from 'ioredis';

interface Order {
  readonly kind: 'replica' | 'stream';
  readonly url: string;
}

/** When each id was seen, in this host's monotonic milliseconds: one clock for all processes of the bench. */
const seen: [id: string, atMs: number][] = [];

process.once('message', (message) => {
  const { kind, url } = message as Order; // sent by fleet-bench.ts only
  void (kind === 'replica' ? followFeed(url) : followStream(url));
});
process.on('message', (message) => {
  if (message !== 'report') return;
  process.send?.({ seen: seen.splice(0) });
});

async function followFeed(url: string): Promise<void> {
  const startedAtMs = clock.monotonicMs();
  const replica = openReplica({
    feed: await openFeed(url, { clock, random }),
    clock,
    random,
    observer: {
      changeApplied: ({ details }) => {
        if (details !== undefined) seen.push([details.id, clock.monotonicMs()]);
      },
    },
  });
  await replica.ready({ timeoutMs: 120_000 });
  process.send?.({ freshAfterMs: clock.monotonicMs() - startedAtMs, rules: replica.denylist.size });
}

async function followStream(url: string): Promise<void> {
  const redis = new Redis(url);
  process.send?.({ freshAfterMs: 0, rules: 0 });
  for (let last = '$'; ; ) {
    const reply = await redis.xread('COUNT', 1000, 'BLOCK', 0, 'STREAMS', 'bare', last);
    for (const [entry, [, id]] of reply?.[0]?.[1] ?? []) {
      last = entry;
      if (id !== undefined) seen.push([id, clock.monotonicMs()]);
    }
  }
}
