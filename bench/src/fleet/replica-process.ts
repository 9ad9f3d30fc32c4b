// One API process as far as the denylist goes: a replica behind a sidecar.
import { systemClock as clock } from '@revocast/denylist/replica';
import { answerParent } from '../answer-parent.ts';
import { watchPauses } from '../pauses.ts';
import { readSaid, textIn } from '../said.ts';
import { openBehind } from './open-behind.ts';

/** When each id was seen, in this host's monotonic milliseconds: one clock for all processes of the bench. */
const seen: [id: string, atMs: number][] = [];
const pauses = watchPauses();

answerParent(async (message) => (message === 'report' ? { seen: seen.splice(0) } : await follow(message)));

async function follow(order: unknown): Promise<object> {
  const url = textIn(readSaid(order), 'url');
  // A turn, so that the loading of this program counts as no pause of the replica.
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
  return { freshAfterMs, longestPauseMs: pauses.longestMs(), rules: replica.denylist.size };
}
