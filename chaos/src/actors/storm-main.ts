import { openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';
import { readSettings, type StormSettings } from './message.ts';

const { feedUrl, replicas, timeoutMs, maxStalenessMs } = readSettings<StormSettings>();
const ports = { clock: systemClock, random: systemRandom };

// Replicas keep no process alive; the channel to the suite does, while it has a listener.
process.on('disconnect', () => process.exit(1));
process.on('message', () => process.exit(0));

/** A replica each, as many processes would have, all cold and all at once. */
const opened = await Promise.all(
  Array.from({ length: replicas }, async () =>
    openReplica({ feed: await openFeed(feedUrl), ...ports, maxStalenessMs }),
  ),
);
const ready = await Promise.all(opened.map((replica) => replica.ready({ timeoutMs })));
if (!ready.every(Boolean))
  throw new Error(`${ready.filter((one) => !one).length} of ${replicas} replicas did not become fresh`);
process.send?.('started');
