import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock } from '@revocast/denylist/replica';
import { OpenLoop, type Sample } from '../../http/load/open-loop.ts';
import { Schedule } from '../../http/load/schedule.ts';
import { ascending, quantile } from '../../report/statistics.ts';
import { Channel } from './channel.ts';
import { lastAnswerMs, type Statuses, type Traffic, tally } from './traffic.ts';

const channelCount = 64;

export interface RequestsOutcome {
  readonly samples: readonly Sample[];
  readonly statuses: Statuses;
  /** p99 of the delay of this process itself. Latencies below it are not valid. */
  readonly lateP99Ms: number;
}

/**
 * Runs an open loop over connections that stay open. It waits a millisecond between two turns: another process that polls
 * would take a core from the measured ones.
 */
export async function runRequests({ port, perSecond, amount, text }: Traffic): Promise<RequestsOutcome> {
  const channels = Array.from({ length: channelCount }, () => new Channel(port));
  const statuses: Record<number, number> = {};
  let sent = 0;
  const startMs = clock.monotonicMs();
  const loop = new OpenLoop<Channel>({
    schedule: new Schedule({ startMs, perSecond, amount }),
    connections: channels,
    send(channel) {
      void channel.send(text(sent));
      sent += 1;
    },
  });
  for (const channel of channels) {
    channel.onAnswer = (status) => {
      tally(statuses, status);
      loop.answered(channel, clock.monotonicMs());
    };
  }
  const endMs = startMs + (amount * 1000) / perSecond + lastAnswerMs;
  while (!loop.isOver && clock.monotonicMs() < endMs) {
    loop.turn(clock.monotonicMs());
    await sleep(1);
  }
  for (const channel of channels) channel.close();
  tally(statuses, 0, amount - loop.samples.length);
  return { samples: loop.samples, statuses, lateP99Ms: quantile(ascending(loop.noticedLateMs), 0.99) };
}
