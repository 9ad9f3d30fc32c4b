import { openFeed, openReplica, type ReplicationObserver, systemClock, systemRandom } from '@revocast/denylist/replica';
import { type ActorMessage, readSettings, type StormSettings } from './message.ts';

const { feedUrl, replicas, timeoutMs, maxStalenessMs } = readSettings<StormSettings>();
const ports = { clock: systemClock, random: systemRandom };

// Replicas do not keep a process alive. The channel to the suite keeps it alive while it has a listener.
process.on('disconnect', () => process.exit(1));
process.on('message', (message: ActorMessage) => {
  if (message.tell === 'stop') process.exit(0);
});

/** Each replica reports each revocation, which the suite timed. */
const observer: ReplicationObserver = {
  changeApplied({ details }, result, appliedAtMs) {
    if (result !== 'applied' || details?.requestedAtMs === undefined || appliedAtMs === undefined) return;
    process.send?.({ appliedAfterMs: appliedAtMs - details.requestedAtMs });
  },
};

/** One feed for each replica, as in separate processes. All start cold and at the same time. */
const opened = await Promise.all(
  Array.from({ length: replicas }, async () =>
    openReplica({ feed: await openFeed(feedUrl), ...ports, maxStalenessMs, observer }),
  ),
);
const ready = await Promise.all(opened.map((replica) => replica.ready({ timeoutMs })));
if (!ready.every(Boolean))
  throw new Error(`${ready.filter((one) => !one).length} of ${replicas} replicas did not become fresh`);
process.send?.('started');
