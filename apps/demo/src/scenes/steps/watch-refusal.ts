import { roundMs } from '../../report/summary.ts';
import type { Replica } from '../../world/world.ts';
import type { Json, Stage } from '../scene.ts';
import { type ApiAnswer, callApi } from './call-api.ts';

/** The first 401 that a client of one replica saw. */
export interface Refusal {
  readonly replica: string;
  /** When the answer had arrived, on the clock of {@link Stage.nowMs}. */
  readonly atMs: number;
  readonly reason: string | undefined;
}

export interface RefusalWatch {
  /** One for each replica, once all have refused. @throws Error when one still accepts at the deadline. */
  readonly refusals: Promise<readonly Refusal[]>;
}

const giveUpAfterMs = 10_000;
/** Between an answer and the next request: the resolution, and what keeps the clients from being the load themselves. */
const pauseMs = 2;

/**
 * Calls every replica with a token, one request after the other, until it answers 401. Start it before the token is
 * revoked: a client measures to the answer that refused it, so there must be a request under way at any moment.
 */
export function watchRefusal(stage: Stage, accessToken: string): RefusalWatch {
  const refusals = Promise.all(stage.world.replicas.map((replica) => callUntilRefused(stage, replica, accessToken)));
  // It is awaited later; a rejection meanwhile must not count as unhandled.
  refusals.catch(() => undefined);
  return { refusals };
}

async function callUntilRefused(stage: Stage, replica: Replica, accessToken: string): Promise<Refusal> {
  const endsAtMs = stage.nowMs() + giveUpAfterMs;
  let answer: ApiAnswer;
  do {
    answer = await callApi(stage.send, replica, accessToken);
    if (answer.status === 401) return { replica: replica.name, atMs: stage.nowMs(), reason: answer.reason };
    await stage.sleep(pauseMs);
  } while (stage.nowMs() < endsAtMs);
  throw new Error(`${replica.name} still answers ${answer.status} after ${giveUpAfterMs} ms`);
}

/** Milliseconds from `sinceMs` to the refusal, by replica. */
export function latencies(refusals: readonly Refusal[], sinceMs: number): Readonly<Record<string, Json>> {
  return Object.fromEntries(refusals.map(({ replica, atMs }) => [replica, roundMs(atMs - sinceMs)]));
}

/** `api-1 4.2 ms · api-2 3.9 ms` */
export function describeLatencies(refusals: readonly Refusal[], sinceMs: number): string {
  return refusals.map(({ replica, atMs }) => `${replica} ${(atMs - sinceMs).toFixed(1)} ms`).join(' · ');
}

export function allBecause(refusals: readonly Refusal[], reason: RegExp): boolean {
  return refusals.length > 0 && refusals.every((refusal) => reason.test(refusal.reason ?? ''));
}
