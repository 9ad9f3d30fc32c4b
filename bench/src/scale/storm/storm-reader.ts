// One cold API process of `--validate`: sends `loaded`, starts at the first message, and sends `fresh`.
import { systemClock as clock, openFeed, openReplica, systemRandom as random } from '@revocast/denylist/replica';

process.once('message', (url) => void start(String(url)));
process.send?.('loaded');

async function start(url: string): Promise<void> {
  const replica = openReplica({ feed: await openFeed(url, { clock, random }), clock, random });
  await replica.ready({ timeoutMs: 120_000 });
  process.send?.('fresh');
}
