// The denylist part of one API process: a replica behind a sidecar.
import { systemClock as clock } from '@revocast/denylist/replica';
import { answerParent } from '../answer-parent.ts';
import { cpuUs } from '../cpu.ts';
import { readMessage, textIn } from '../message.ts';
import { watchPauses } from '../pauses.ts';
import { openBehind } from './open-behind.ts';

/** The time at which each id was applied, on the host's monotonic clock, which all processes of the bench share. */
const seen: [id: string, atMs: number][] = [];
const pauses = watchPauses();

answerParent(async (message) => {
  if (message === 'report') return { seen: seen.splice(0) };
  return message === 'cpu' ? { cpuUs: cpuUs() } : await follow(message);
});

async function follow(order: unknown): Promise<object> {
  const url = textIn(readMessage(order), 'url');
  // Some turns of the event loop, so that loading this program is not counted as a pause.
  await clock.sleep(50);
  pauses.forget();
  const startedAtMs = clock.monotonicMs();
  const replica = await openBehind(url, {
    changeApplied: ({ details }) => {
      if (details !== undefined) seen.push([details.id, clock.monotonicMs()]);
    },
  });
  await replica.ready({ timeoutMs: 300_000 });
  const freshAfterMs = clock.monotonicMs() - startedAtMs;
  await clock.sleep(50);
  const longestPauseMs = pauses.longestMs();
  pauses.stop();
  return { freshAfterMs, longestPauseMs, rules: replica.denylist.size };
}
