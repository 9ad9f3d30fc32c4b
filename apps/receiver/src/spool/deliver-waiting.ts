import type { Clock } from '@revocast/denylist/replica';
import { type Lane, lanes, type Waiting, type WaitingMessages } from './waiting-messages.ts';

/** `waits`: it is tried again later. `down`: so will all others be. */
export type WaitingOutcome = 'settled' | 'waits' | 'down';

interface WaitingPorts {
  readonly waiting: WaitingMessages;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deliver: (message: Waiting) => Promise<WaitingOutcome>;
  /** Whether a message is being delivered already. */
  readonly isBusy: (name: string) => boolean;
  readonly onSettled: (messages: number) => void;
}

/** Milliseconds between two attempts while messages wait. */
export const retryMs = 1000;
/** Messages of one lane that are delivered at the same time: none is about a value of another. */
const mostAtOnce = 16;

/**
 * Delivers the messages that wait until there is none, each lane for itself.
 *
 * @returns `start`, to be called when a message was added, and `ended`, which resolves after the signal.
 */
export function deliverWaiting(ports: WaitingPorts) {
  const { waiting, clock, signal } = ports;
  const running = new Map<Lane, Promise<void>>();
  const run = async (lane: Lane) => {
    while (waiting.of(lane).size > 0 && !signal.aborted) {
      await deliverLane(lane, ports);
      if (waiting.of(lane).size > 0) await clock.sleep(retryMs, signal);
    }
  };
  const start = () => {
    for (const lane of lanes) {
      if (running.has(lane) || waiting.of(lane).size === 0 || signal.aborted) continue;
      const ended = run(lane).finally(() => {
        running.delete(lane);
        start();
      });
      running.set(lane, ended);
    }
  };
  return {
    start,
    async ended() {
      await Promise.all(running.values());
    },
  };
}

/** Each message of a lane once. One that waits holds back the later ones about its values, and no other. */
async function deliverLane(lane: Lane, { waiting, signal, deliver, isBusy, onSettled }: WaitingPorts): Promise<void> {
  const failed = new Set<string>();
  let settled = 0;
  let isDown = false;
  const isReady = (message: Waiting) => !failed.has(message.name) && !isBusy(message.name) && waiting.isFirst(message);
  const deliverNext = async (messages: Iterator<Waiting>) => {
    for (let next = messages.next(); !next.done; next = messages.next()) {
      if (isDown || signal.aborted) return;
      const outcome = await deliver(next.value);
      if (outcome === 'settled') settled += 1;
      else failed.add(next.value.name);
      if (outcome === 'down') isDown = true;
    }
  };
  // Where several messages are about one value, each round delivers one of them.
  for (;;) {
    const ready = [...waiting.of(lane).values()].filter(isReady);
    if (ready.length === 0 || isDown || signal.aborted) break;
    const messages = ready.values();
    await Promise.all(Array.from({ length: mostAtOnce }, () => deliverNext(messages)));
  }
  if (settled > 0) onSettled(settled);
}
