import { setTimeout as sleep } from 'node:timers/promises';
import { createPublisher } from '@revocast/denylist';
import { systemClock as clock } from '@revocast/denylist/replica';
import type { Times } from './seen.ts';

export interface Pace {
  readonly url: string;
  /** Revocations a second. */
  readonly rate: number;
  readonly seconds: number;
  /** Maximum number of unanswered revocations; at the limit the next one waits. Default: no limit. */
  readonly inFlight?: number;
  /** Number of the first id; default 0. An id stands for one revocation, so each is used once in a fleet. */
  readonly from?: number;
  /** Called with each id immediately after its revocation was sent. */
  readonly beside?: (id: string) => Promise<unknown>;
}

/**
 * Publishes revocations at a fixed rate: each is sent at its time and does not wait for earlier answers, except at the
 * limit `inFlight`. @returns the time at which each was sent.
 */
export async function publishPaced({ url, rate, seconds, from = 0, inFlight, beside }: Pace): Promise<Times> {
  const publisher = await createPublisher(url);
  const sent = new Map<string, number>();
  const pending = new Set<Promise<unknown>>();
  // One waiter and one signal: Promise.race() over a hundred promises, ten thousand times a second, would cost too much.
  let wake = () => {};
  const follow = (work: Promise<unknown>) => {
    const followed: Promise<unknown> = work.finally(() => {
      pending.delete(followed);
      wake();
    });
    pending.add(followed);
  };
  const oneAnswered = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const startedAtMs = clock.monotonicMs();
  for (let index = 0; index < rate * seconds; index++) {
    const earlyMs = startedAtMs + (index * 1000) / rate - clock.monotonicMs();
    if (earlyMs > 1) await sleep(earlyMs);
    while (inFlight !== undefined && pending.size >= inFlight) await oneAnswered();
    const id = `e${from + index}`;
    sent.set(id, clock.monotonicMs());
    const revocation = { issuer: 'https://issuer.test', session: id, reason: 'logout' } as const;
    follow(publisher.revoke(revocation, { id, redisReplicas: 0 }));
    if (beside !== undefined) follow(beside(id));
  }
  await Promise.all(pending);
  await publisher.close();
  return sent;
}
