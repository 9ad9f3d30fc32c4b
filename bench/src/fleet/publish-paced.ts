import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher } from '@revocast/denylist';
import { systemClock as clock } from '@revocast/denylist/replica';
import type { Times } from './seen.ts';

export interface Pace {
  readonly url: string;
  /** Revocations a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Revocations that may be unanswered; beyond, the next one waits. Default: any number. */
  readonly inFlight?: number;
  /** Called with each id right after its revocation was sent. */
  readonly beside?: (id: string) => Promise<unknown>;
}

/**
 * Revokes at a pace: each revocation leaves at its time, whatever became of the one before, as long as not too many are
 * under way. @returns when each was handed to the publisher.
 */
export async function publishPaced({ url, rate, seconds, inFlight, beside }: Pace): Promise<Times> {
  const publisher = await createPublisher(url);
  const sent = new Map<string, number>();
  const underWay = new Set<Promise<unknown>>();
  // One waiter and one signal: racing a hundred promises ten thousand times a second would cost more than publishing.
  let wake = () => {};
  const follow = (work: Promise<unknown>) => {
    const followed: Promise<unknown> = work.finally(() => {
      underWay.delete(followed);
      wake();
    });
    underWay.add(followed);
  };
  const oneAnswered = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const startedAtMs = clock.monotonicMs();
  for (let index = 0; index < rate * seconds; index++) {
    const earlyMs = startedAtMs + (index * 1000) / rate - clock.monotonicMs();
    if (earlyMs > 1) await sleep(earlyMs);
    while (inFlight !== undefined && underWay.size >= inFlight) await oneAnswered();
    const id = `e${index}`;
    sent.set(id, clock.monotonicMs());
    const revocation = { issuer: 'https://issuer.test', session: id, reason: 'logout' } as const;
    follow(publisher.revoke(revocation, { id, redisReplicas: 0 }));
    if (beside !== undefined) follow(beside(id));
  }
  await Promise.all(underWay);
  await publisher.close();
  return sent;
}
