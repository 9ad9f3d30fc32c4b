import type { OpenedSource } from '../../src/log/opened-source.ts';
import { createPublisherOver, type Publisher } from '../../src/publisher/publisher.ts';
import { LogMemory, type RememberedLog } from '../../src/replication/log-memory.ts';
import { openReplica, type Replica } from '../../src/replication/open-replica.ts';
import { digestSetOf } from '../../src/rules/digest.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { systemClock as clock, systemRandom as random, randomHex } from '../../src/system-clock.ts';

export const issuer = 'https://login.example.com/';

/** A sidecar without its listeners: it follows a source, re-seeds lost rules, and writes heartbeats. */
export interface Follower {
  readonly source: OpenedSource;
  readonly replica: Replica;
  readonly publisher: Publisher;
  readonly memory: LogMemory;
  /** Milliseconds for which it was not fresh, since it was fresh for the first time. */
  readonly notFreshMs: () => number;
  revoke(session: string, id?: string): Promise<unknown>;
  verdict(session: string): string;
  close(): Promise<void>;
}

export async function follow(
  url: string,
  { holder = randomHex(4), remembered }: { holder?: string; remembered?: RememberedLog } = {},
): Promise<Follower> {
  const memory = new LogMemory(clock, remembered);
  const source = await openSource(url, { clock, random, newEpoch: () => randomHex(8) });
  let staleSinceMs: number | undefined;
  let notFreshMs = 0;
  let wasFresh = false;
  const replica = openReplica({
    feed: source.feed,
    clock,
    random,
    reseed: source.reseed,
    memory,
    observer: {
      freshnessChanged({ state }) {
        if (state === 'fresh' && staleSinceMs !== undefined) notFreshMs += clock.monotonicMs() - staleSinceMs;
        staleSinceMs = state === 'fresh' || !wasFresh ? undefined : clock.monotonicMs();
        wasFresh ||= state === 'fresh';
      },
    },
  });
  const publisher = createPublisherOver({ log: source.log, feed: source.feed, clock, newId: () => randomHex(8) });
  const heartbeat = source.startHeartbeat?.({ holder, memory });
  return {
    source,
    replica,
    publisher,
    memory,
    notFreshMs: () => notFreshMs + (staleSinceMs === undefined ? 0 : clock.monotonicMs() - staleSinceMs),
    revoke: (session, id = randomHex(8)) => publisher.revoke({ issuer, session, reason: 'logout' }, { id }),
    verdict: (session) =>
      replica.check(digestSetOf([{ dimension: 'session', issuer, value: session }]), Math.floor(Date.now() / 1000))
        .verdict,
    async close() {
      await heartbeat?.stop();
      await replica.close();
      await source.close();
    },
  };
}
