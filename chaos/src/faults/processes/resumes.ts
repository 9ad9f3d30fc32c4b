import { until } from '@revocast/test-support';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';

const failure = 'process resumes at a restarted or another sidecar, relay restarts';

export const resumes: readonly Fault[] = [
  {
    name: 'resumes/at-another-sidecar',
    failure,
    async run(world) {
      await world.fault('a1 is moved between s1 and s2', async () => {
        for (const sidecar of ['s2', 's1', 's2', 's1']) {
          world.follow('a1', sidecar);
          world.link('a1').reset();
          await pause(600);
        }
      });
    },
  },
  {
    name: 'resumes/at-a-restarted-sidecar',
    failure,
    async run(world) {
      await pause(500);
      await world.fault('s1 is killed, tokens are revoked, and s1 starts again', async () => {
        await world.sidecar('s1').kill();
        await pause(1000);
        let upgradedAtMs: number | undefined;
        world.link('a1').onBytes('101 Switching Protocols', 'down', () => {
          upgradedAtMs = performance.now();
        });
        await world.sidecar('s1').start();
        const listensAtMs = performance.now();
        const returned = await until(() => upgradedAtMs, { what: 'the upgrade', everyMs: 5 });
        world.figure(
          'a process returns to its restarted sidecar, from when it listens',
          Math.max(0, returned - listensAtMs),
        );
      });
    },
  },
  {
    name: 'resumes/sidecar-stopped-in-order',
    failure,
    world: { maxStalenessMs: 8000 },
    alwaysAvailable: true,
    async run(world) {
      await pause(1000);
      await world.fault('s1 is stopped gracefully and started again', async () => {
        await world.sidecar('s1').stop();
        await world.sidecar('s1').start();
        await pause(1500);
      });
    },
  },
  {
    name: 'resumes/relay-chain',
    failure,
    async run(world) {
      const relay = await world.addSidecar('relay', { source: 's1' });
      const api = await world.addApi('a-relay', { via: 'relay' });
      await relay.start();
      await api.start();
      await world.untilFresh(10_000);
      await world.fault('the relay, and then its source s1, is killed and started again', async () => {
        await relay.restart();
        await pause(1000);
        await world.sidecar('s1').restart();
        await pause(500);
      });
    },
  },
  {
    name: 'resumes/relay-chain-of-three',
    failure,
    async run(world) {
      const first = await world.addSidecar('relay-1', { source: 's1' });
      const middle = await world.addSidecar('relay-2', { source: 'relay-1' });
      const last = await world.addSidecar('relay-3', { source: 'relay-2' });
      const api = await world.addApi('a-relay', { via: 'relay-3' });
      for (const actor of [first, middle, last, api]) await actor.start();
      await world.untilFresh(10_000);
      await world.fault('the relay in the middle is killed and started again', async () => {
        await middle.kill();
        await pause(1000);
        await middle.start();
      });
      await world.untilFresh(10_000);
      await world.fault('the relay in the middle is killed and stays away for longer than the bound', async () => {
        await middle.kill();
        await pause(world.maxStalenessMs + 1000);
        world.expect('the process behind the chain is not fresh meanwhile', !api.fresh);
        await middle.start();
      });
    },
  },
];
