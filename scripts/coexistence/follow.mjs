// A process that follows a sidecar. Copied beside the installed packages, so that it runs on the release installed there.
// Each line of its input is a session; it prints the verdict for a token of it.
import { createInterface } from 'node:readline';
import { digestSetOf, openFeed, openReplica, systemClock, systemRandom } from '@revocast/denylist/replica';

const [url, issuer] = process.argv.slice(2);
const replica = openReplica({ feed: await openFeed(url), clock: systemClock, random: systemRandom });
console.log('started');
for await (const session of createInterface({ input: process.stdin })) {
  const digests = digestSetOf([{ dimension: 'session', issuer, value: session }]);
  console.log(replica.check(digests, Math.floor(Date.now() / 1000) + 3600).verdict);
}
await replica.close();
