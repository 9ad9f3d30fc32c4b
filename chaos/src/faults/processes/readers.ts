import { createPublisher } from '@revocast/denylist';
import { until } from '@revocast/test-support';
import type { Fault } from '../../fault.ts';
import { issuer } from '../../tokens.ts';
import { MuteReader } from '../../world/mute-reader.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const kinds = { welcome: 1, answer: 4 };
/** A silent link is dropped within 3 s; the rest is for a busy machine. */
const droppedWithinMs = 3500;

/** Times of the replicas of a storm, from a revocation to its application. */
class AppliedTimes {
  #times: number[] = [];

  readonly note = (message: object) => {
    if ('appliedAfterMs' in message) this.#times.push(Number(message.appliedAfterMs));
  };

  /** Revokes now and then for `forMs`. @returns how long all replicas took, in order, and how many applications are missing. */
  async during(world: World, forMs: number, replicas: number): Promise<{ sortedMs: number[]; missing: number }> {
    this.#times = [];
    let revoked = 0;
    for (const endsMs = performance.now() + forMs; performance.now() < endsMs; await pause(100)) {
      const { outcome } = await world.revoke();
      if (outcome === 'acknowledged') revoked += 1;
    }
    const expected = revoked * replicas;
    await until(() => this.#times.length >= expected, { what: 'each change', timeoutMs: 2000 }).catch(() => undefined);
    return { sortedMs: this.#times.toSorted((a, b) => a - b), missing: expected - this.#times.length };
  }
}

/** Revokes thousands of sessions that no token of the run has, each with details as long as they may be. */
async function flood(world: World, count: number): Promise<void> {
  const publisher = await createPublisher(world.primary.url);
  const actor = 'x'.repeat(128);
  for (let from = 0; from < count; from += 200) {
    const some = Array.from({ length: Math.min(200, count - from) }, (_, index) => `flood-${from + index}`);
    const revoke = (session: string) =>
      publisher.revoke({ issuer, session, reason: 'other', actor }, { id: session.padEnd(128, '.') });
    await Promise.all(some.map(revoke));
  }
  await publisher.close();
}

/** The number of replicas that a publisher expects to apply a new revocation. */
async function enforcement(world: World) {
  const publisher = await createPublisher(world.primary.url);
  const published = await publisher.revoke({ issuer, session: 'counted', reason: 'other' });
  const found = await published.enforcedEverywhere({ timeoutMs: 1500 });
  await publisher.close();
  return found;
}

export const readers: readonly Fault[] = [
  {
    name: 'readers/one-of-fifty-stops',
    failure: 'a reader stops reading',
    world: { sidecars: 1 },
    traffic: false,
    async run(world) {
      const replicas = 48;
      const applied = new AppliedTimes();
      await world.storm('storm', { via: 's1', replicas, timeoutMs: 15_000, onMessage: applied.note });
      const before = await applied.during(world, 2000, replicas);
      const mute = new MuteReader(world.dataPort('s1'), { reports: false });
      await until(() => mute.isFollowing, { what: 'the reader to follow' });
      await world.fault('one process is stopped by SIGSTOP, and one socket is not read', async () => {
        world.api('a1').pause();
        const stoppedAtMs = performance.now();
        const duringIt = applied.during(world, droppedWithinMs + 1000, replicas);
        const areDropped = async () => (await world.followersOf('s1')) === replicas;
        await until(areDropped, { what: 'the end of both', timeoutMs: 2 * droppedWithinMs }).catch(() => undefined);
        const tookMs = Math.round(performance.now() - stoppedAtMs);
        world.expect('both are disconnected within 3.5 s', tookMs <= droppedWithinMs, `${tookMs} ms`);
        const { sortedMs, missing } = await duringIt;
        world.expect(
          'every other replica applies every revocation',
          before.missing + missing === 0,
          `${missing} missing`,
        );
        const slowest = { before: before.sortedMs.at(-1) ?? 0, during: sortedMs.at(-1) ?? 0 };
        const median = (times: readonly number[]) => times[Math.floor(times.length / 2)] ?? 0;
        const medians = { before: median(before.sortedMs), during: median(sortedMs) };
        world.expect(
          'the others keep their latency: median',
          // Other faults run at the same time. A server that waits for the stopped reader would wait for seconds.
          medians.during <= medians.before + 250,
          JSON.stringify(medians),
        );
        world.expect('the others keep their latency: slowest', slowest.during <= 1000, JSON.stringify(slowest));
        world.api('a1').resume();
      });
      mute.close();
    },
  },
  {
    name: 'readers/one-never-reads',
    failure: 'a reader stops reading',
    world: { sidecars: 1, apisPerSidecar: 2 },
    traffic: false,
    async run(world) {
      const mute = new MuteReader(world.dataPort('s1'), { reports: true });
      await until(() => mute.isFollowing, { what: 'the reader to follow' });
      const before = await world.sidecarFigures('s1');
      await world.fault('a reader reports and never reads, while 30,000 revocations are sent', async () => {
        await flood(world, 30_000);
        await until(() => mute.isClosed, { what: 'the end', timeoutMs: 5000 }).catch(() => undefined);
        world.expect('the reader that does not read is disconnected', mute.isClosed);
      });
      const grownMiB = ((await world.sidecarFigures('s1')).rssBytes - before.rssBytes) / 2 ** 20;
      world.expect('the memory of the sidecar stays bounded', grownMiB < 128, `${Math.round(grownMiB)} MiB more`);
      await world.revoke();
      mute.close();
    },
  },
  {
    name: 'readers/replaced-behind-a-half-open-link',
    failure: 'a reader returns while its old connection looks alive',
    world: { maxStalenessMs: 8000 },
    alwaysAvailable: true,
    async run(world) {
      const identities: string[] = [];
      const proxy = await world.links.throughFrames('a1');
      proxy.fate = ({ bytes, payload }, pass) => {
        if (payload.readUInt8(1) === kinds.welcome) identities.push(payload.toString('hex', 18, 26));
        pass(bytes);
      };
      await until(() => identities.length > 0, { what: 'the welcome of a1' });
      await pause(500);
      await world.fault('a1 hears nothing more of s1, and s1 hears pongs for it', async () => {
        const dials = world.link('a1').accepted;
        proxy.abandon();
        await pause(droppedWithinMs);
        world.expect('a1 has dialled again', world.link('a1').accepted > dials);
        const distinct = new Set(identities).size;
        world.expect(
          'it joins again as the same reader',
          identities.length === 2 && distinct === 1,
          `${identities.length} welcomes of ${distinct} readers`,
        );
        const { everywhere, expected, missing } = await enforcement(world);
        world.expect(
          'the old connection neither counts nor hides the new one',
          everywhere && expected === 2,
          `${expected} expected, ${missing.length} missing`,
        );
        // A closing handshake that is not answered is given up after 3 s.
        await until(() => proxy.abandoned === 0, { what: 'the end', timeoutMs: 5000 }).catch(() => undefined);
        world.expect('the old connection is closed', proxy.abandoned === 0, `${proxy.abandoned} open`);
      });
    },
  },
  {
    name: 'readers/welcome-late',
    failure: 'late registration upstream',
    async run(world) {
      const relay = await world.addSidecar('relay', { source: 's1' });
      const earlier = await world.addApi('a-earlier', { via: 'relay' });
      await relay.start();
      await earlier.start();
      await world.untilFresh(10_000);
      const proxy = await world.links.throughFrames('relay');
      await pause(500);
      await world.untilFresh(10_000);
      const late = await world.addApi('a-late-welcome', { via: 'relay' });
      await world.fault('s1 does not answer that it counts a new process', async () => {
        const held: (() => void)[] = [];
        proxy.fate = ({ bytes, payload }, pass) => {
          if (payload.readUInt8(1) === kinds.answer) held.push(() => pass(bytes));
          else pass(bytes);
        };
        await late.start();
        await pause(2500);
        world.expect('the answer of s1 is held back', held.length > 0);
        world.expect('the process is not fresh before s1 counts it', !late.fresh);
        world.expect('the processes that s1 counts stay fresh', earlier.fresh);
        proxy.fate = ({ bytes }, pass) => pass(bytes);
        for (const release of held) release();
        await until(() => late.fresh, { what: 'freshness', timeoutMs: 2000 }).catch(() => undefined);
        world.expect('the process is fresh soon after the answer', late.fresh);
      });
    },
  },
];
