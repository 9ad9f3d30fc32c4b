// Whether sidecars and processes of this release work with those of the last one: packs both, installs them into empty
// projects, and runs every pair over a real Redis. Not part of `npm test`: it needs the history of the repository.
import { install, packLastRelease, packThisRelease, whyNoLastRelease } from './coexistence/releases.mjs';
import { root, runNode } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'test:coexistence',
  `Processes and sidecars of this release with those of the last one: each pair revokes, lifts and restarts.
Says "not run" where the history of the repository is missing.
Exit code: 0 when all pairs work or nothing was run, else 1.`,
);
const reason = whyNoLastRelease();
if (reason !== undefined) {
  console.log(`not run: ${reason}`);
  process.exit(0);
}

const startedAt = performance.now();
const say = (line) => console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s: ${line}`);
/** Each ends one part of what was started. */
const closers = [];

say('building this release');
runNode(`${root}/scripts/build.mjs`, ['--types-only']);
const { World } = await import('./coexistence/world.mjs');
const { startRedis } = await import('../test-support/dist/index.js');
const { createPublisher } = await import('../packages/denylist/dist/index.js');
const { openSource } = await import('../packages/denylist/dist/replica.js');

let failures = 0;
try {
  const [last, present] = [await packLastRelease(say), await packThisRelease()];
  say('installing both');
  const old = await install('old', last);
  closers.push(old.remove);
  const current = await install('new', present);
  closers.push(current.remove);
  for (const [title, run] of cases(old, current)) {
    say(title);
    const problem = await inNewWorld(run).catch((error) => error.stack);
    if (problem === undefined) continue;
    failures += 1;
    console.error(`FAILED ${title}: ${problem}`);
  }
} finally {
  for (const close of closers.reverse()) await close();
}
say(failures === 0 ? 'every pair works' : `${failures} of the pairs failed`);
process.exit(failures === 0 ? 0 : 1);

function cases(old, current) {
  return [
    ['new process, old sidecar', (world) => world.follows(current, [old])],
    ['old process, new sidecar', (world) => world.follows(old, [current])],
    // A relay reports itself too, and a sidecar of the last release takes every row for a replica.
    ['new process, new relay, old sidecar', (world) => world.follows(current, [old, current], { expected: 2 })],
    ['old process, old relay, new sidecar', (world) => world.follows(old, [current, old])],
    ['old process, new sidecar without the last wire', (world) => world.isRefused(old, current)],
  ];
}

/** Runs one case over a Redis of its own. */
async function inNewWorld(run) {
  const parts = [];
  const redis = await startRedis({ config: { 'maxmemory-policy': 'noeviction' } });
  parts.push(() => redis.stop());
  try {
    const source = await openSource(redis.url);
    await source.declareWhole();
    await source.close();
    const publisher = await createPublisher(redis.url);
    parts.push(() => publisher.close());
    return await run(new World({ redis, publisher, parts, say }));
  } finally {
    for (const end of parts.reverse()) await end();
  }
}
