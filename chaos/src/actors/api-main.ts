import {
  digestToHex,
  openFeed,
  openLookUp,
  openReplica,
  type Replica,
  type ReplicationObserver,
  stagesOf,
  systemRandom,
  timesOf,
} from '@revocast/denylist/replica';
import { withLru } from '../broken/lru.ts';
import { withoutResync } from '../broken/no-resync.ts';
import { withSilentAccept } from '../broken/silent-accept.ts';
import { monotonicMs } from '../monotonic.ts';
import { type ActorMessage, type ApiSettings, readSettings } from './message.ts';
import { movableClock } from './movable-clock.ts';
import { Prober } from './prober.ts';

const settings = readSettings<ApiSettings>();
const { brokenBuild, maxStalenessMs, maxRules, lookUpUrl, whenUnknown } = settings;
const clock = movableClock(settings.clockOffsetMs);
const random = systemRandom;

const opened = await openFeed(settings.feedUrl, { clock, random });
const feed = brokenBuild === 'no-resync' ? withoutResync(opened) : opened;
const lookUp = lookUpUrl === undefined ? undefined : await openLookUp(lookUpUrl, { clock, random, maxStalenessMs });

const observer: ReplicationObserver = {
  changeApplied(change, result, appliedAtMs) {
    const times = timesOf(change, appliedAtMs);
    if (result !== 'applied' || times === undefined || change.details?.requestedAtMs === undefined) return;
    prober.applied(digestToHex(change.digest), stagesOf(times).latency * 1000, monotonicMs());
  },
};
const replica = openReplica({
  feed,
  clock,
  random,
  maxStalenessMs,
  observer,
  maxRules,
});
const prober = new Prober({ ...settings, replica, check: checkOf(replica), lookUp, whenUnknown });

process.on('message', (message: ActorMessage) => {
  if (message.tell === 'tokens') prober.watch(message.tokens);
  if (message.tell === 'clock') clock.move(message.offsetMs);
  if (message.tell === 'stop') {
    prober.close();
    process.exit(0);
  }
});
process.on('disconnect', () => process.exit(1));
prober.start();
process.send?.('started');

function checkOf(held: Replica): Replica['check'] {
  if (brokenBuild === 'lru') return withLru(held);
  if (brokenBuild === 'silent-accept') return withSilentAccept(held);
  return (digests, issuedAt) => held.check(digests, issuedAt);
}
