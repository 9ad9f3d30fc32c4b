import type { Fault } from '../../fault.ts';
import type { ActorProcess } from '../../world/actor-process.ts';
import { type MemoryLimit, openMemoryLimit } from '../../world/host/memory-limit.ts';
import { pause } from '../../world/pause.ts';
import { putRules } from '../../world/redis/put-rules.ts';
import type { World } from '../../world/world.ts';

const failure = 'out of memory, again and again';
const rules = 300_000;
const starts = 6;

/** A limit that the kernel enforces, until the world is closed. @throws Error where none can be set. */
async function limitFor(world: World, who: string): Promise<MemoryLimit> {
  const limit = await openMemoryLimit(who);
  if (limit === undefined) throw new Error('expected a control group for memory');
  world.atEnd(limit.close);
  return limit;
}

/** Starts a process, which may end before it has reported that. @returns whether it ends within five seconds. */
async function endsSoon(actor: ActorProcess): Promise<boolean> {
  await actor.start().catch(() => undefined);
  for (let waitedMs = 0; actor.running && waitedMs < 5000; waitedMs += 50) await pause(50);
  return !actor.running;
}

/** Lowers the limit until the kernel ends the process soon after its start. `used`: bytes without a limit. */
async function lowerUntilItEnds(limit: MemoryLimit, actor: ActorProcess, used: number): Promise<void> {
  for (let share = 0.7; share > 0.2; share -= 0.1) {
    await limit.set(Math.round(used * share));
    if (await endsSoon(actor)) {
      // At the limit itself a later start may succeed.
      await limit.set(Math.round(used * (share - 0.1)));
      return;
    }
    await actor.kill();
  }
}

/** Starts a process again whenever the kernel has ended it, as a supervisor does. */
async function startAgainAndAgain(world: World, actor: ActorProcess): Promise<void> {
  const before = actor.unexpectedEnds.length;
  for (let time = 0; time < starts && (await endsSoon(actor)); time++);
  const ends = actor.unexpectedEnds.slice(before);
  const isByKernel = ends.length === starts && ends.every((end) => end === 'SIGKILL');
  world.expect(`the kernel ends ${actor.who} after each of ${starts} starts`, isByKernel, ends.join(', '));
}

export const outOfMemory: readonly Fault[] = (['m1', 'b1'] as const).map(
  (who): Fault => ({
    name: who === 'm1' ? 'out-of-memory/sidecar' : 'out-of-memory/api-process',
    failure,
    needs: ['memory limit'],
    world: { prepare: (primary) => putRules(primary, rules) },
    recoverWithinMs: 20_000,
    async run(world) {
      const limit = await limitFor(world, who);
      const { command } = limit;
      const sidecar = await world.addSidecar('m1', { source: 'redis', startedBy: who === 'm1' ? command : [] });
      const api = await world.addApi('b1', { via: 'm1', startedBy: who === 'b1' ? command : [] });
      await sidecar.start();
      await api.start();
      await world.untilFresh(20_000);
      const used = await limit.used();
      const actor = who === 'm1' ? sidecar : api;
      await world.fault(
        `${who} is started ${starts} times, and ${rules} rules do not fit into its memory`,
        async () => {
          await actor.kill();
          await lowerUntilItEnds(limit, actor, used);
          await startAgainAndAgain(world, actor);
          await limit.set('max');
          if (!actor.running) await actor.start();
        },
      );
      await pause(2000);
    },
  }),
);
