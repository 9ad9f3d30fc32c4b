import type { FrameFate, FrameProxy, PassingFrame } from '@revocast/test-support';
import type { Fault } from '../../fault.ts';
import { pause } from '../../world/pause.ts';
import type { World } from '../../world/world.ts';

const failure = 'WebSocket messages lost, repeated, reordered or changed';
const kinds = { changes: 2, report: 67 };
/** Where the digest of the first change begins in a frame of changes (docs/protocol.md, Frames). */
const digestAt = 10;

const pass: FrameFate = ({ bytes }, passOn) => passOn(bytes);
const kindOf = ({ payload }: PassingFrame) => payload.readUInt8(1);

/** The frame with one bit of its payload inverted. */
function flipped({ bytes, payload }: PassingFrame, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  const offset = bytes.length - payload.length + at;
  changed.writeUInt8(changed.readUInt8(offset) ^ (1 << bit), offset);
  return changed;
}

/** What happens to frames for a while, both ways between s1 and a1. */
async function whileFrames(world: World, what: string, fate: FrameFate): Promise<FrameProxy> {
  const proxy = await world.links.throughFrames('a1');
  await pause(500);
  await world.untilFresh(10_000);
  await world.fault(what, async () => {
    proxy.fate = fate;
    await pause(world.maxStalenessMs + 1000);
    proxy.fate = pass;
  });
  return proxy;
}

/**
 * One change goes wrong in a quiet time: no later change shows it, only the next heartbeat. Without that, a process believes
 * that it has everything.
 */
async function quietChange(world: World, proxy: FrameProxy, what: string, fate: FrameFate): Promise<void> {
  await world.stopTraffic();
  await world.untilFresh(10_000);
  let harmed = 0;
  await world.fault(`${what}, and nothing is revoked after it`, async () => {
    proxy.fate = (frame, passOn) => {
      if (harmed > 0 || kindOf(frame) !== kinds.changes) return passOn(frame.bytes);
      harmed += 1;
      fate(frame, passOn);
    };
    await world.revoke();
    await pause(world.maxStalenessMs + 1500);
    proxy.fate = pass;
  });
  world.expect(`it happens once: ${what}`, harmed === 1, `${harmed} times`);
}

const isDrawn = (world: World) => world.random() < 0.25;

export const frames: readonly Fault[] = [
  {
    name: 'frames/lost',
    failure,
    async run(world) {
      const proxy = await whileFrames(world, 'one in four frames is lost', (frame, passOn) => {
        if (!isDrawn(world)) passOn(frame.bytes);
      });
      await quietChange(world, proxy, 'a change is lost', () => undefined);
    },
  },
  {
    name: 'frames/repeated',
    failure,
    alwaysAvailable: true,
    async run(world) {
      let repeated = 0;
      await whileFrames(world, 'every frame of s1 and every report comes twice', (frame, passOn) => {
        passOn(frame.bytes);
        if (frame.direction === 'up' && kindOf(frame) !== kinds.report) return;
        repeated += 1;
        passOn(frame.bytes);
      });
      world.expect('frames are repeated', repeated > 20, `${repeated}`);
    },
  },
  {
    name: 'frames/reordered',
    failure,
    async run(world) {
      let held: (() => void) | undefined;
      const proxy = await whileFrames(world, 'one in four frames is overtaken by the next one', (frame, passOn) => {
        const before = held;
        held = undefined;
        if (before === undefined && isDrawn(world)) held = () => passOn(frame.bytes);
        else passOn(frame.bytes);
        before?.();
      });
      await quietChange(world, proxy, 'a change is overtaken by the heartbeats of a bound', (frame, passOn) => {
        setTimeout(() => passOn(frame.bytes), world.maxStalenessMs + 1000);
      });
    },
  },
  {
    name: 'frames/bits-flipped',
    failure,
    async run(world) {
      const proxy = await whileFrames(world, 'one bit is wrong in one of four frames', (frame, passOn) => {
        const at = Math.floor(world.random() * frame.payload.length);
        passOn(isDrawn(world) ? flipped(frame, at, Math.floor(world.random() * 8)) : frame.bytes);
      });
      await quietChange(world, proxy, 'a bit of a digest is wrong', (frame, passOn) => {
        passOn(flipped(frame, digestAt + 5, 3));
      });
    },
  },
];
