import {
  systemClock as clock,
  openFeed,
  openReplica,
  type Replica,
  type ReplicationObserver,
  systemRandom as random,
} from '@revocast/denylist/replica';

/** Opens a replica behind the sidecar at `url`, as an API process does. */
export async function openBehind(url: string, observer: ReplicationObserver = {}): Promise<Replica> {
  return openReplica({ feed: await openFeed(url, { clock, random }), clock, random, maxRules: 20_000_000, observer });
}
