import { openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';
import { readSettings, type StormSettings } from './message.ts';

const { feedUrl, replicas, timeoutMs, maxStalenessMs } = readSettings<StormSettings>();
const ports = { clock: systemClock, random: systemRandom };

// Replicas do not keep a process alive. The channel to the suite keeps it alive while it has a listener.
process.on('disconnect', () => process.exit(1));
process.on('message', () => process.exit(0));

/** One feed for each replica, as in separate processes. All start cold and at the same time. */
const opened = await Promise.all(
  Array.from({ length: replicas }, async () =>
    openReplica({ feed: await openFeed(feedUrl), ...ports, maxStalenessMs }),
  ),
);
const ready = await Promise.all(opened.map((replica) => replica.ready({ timeoutMs })));
if (!ready.every(Boolean))
  throw new Error(`${ready.filter((one) => !one).length} of ${replicas} replicas did not become fresh`);
process.send?.('started');
