import { roundMs } from '../../report/summary.ts';
import type { Replica } from '../../world/world.ts';
import type { Json, Stage } from '../scene.ts';
import { type ApiAnswer, callApi } from './call-api.ts';

/** The first 401 of one replica. */
export interface Refusal {
  readonly replica: string;
  /** Arrival time of the answer, on the clock of {@link Stage.nowMs}. */
  readonly atMs: number;
  readonly reason: string | undefined;
}

export interface RefusalWatch {
  /** Resolves with one refusal for each replica. Rejects when a replica still accepts after 10 s. */
  readonly refusals: Promise<readonly Refusal[]>;
}

const giveUpAfterMs = 10_000;
/** Pause between an answer and the next request. It is the resolution of the measurement, and limits the load. */
const pauseMs = 2;

/**
 * Calls every replica with a token, one request after another, until it answers 401. Start it before the token is
 * revoked, so that the first refusal is measured.
 */
export function watchRefusal(stage: Stage, accessToken: string): RefusalWatch {
  const refusals = Promise.all(stage.world.replicas.map((replica) => callUntilRefused(stage, replica, accessToken)));
  // Awaited later by the caller. This handler prevents an unhandled rejection before that.
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
