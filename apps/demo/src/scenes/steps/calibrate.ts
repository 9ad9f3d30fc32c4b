import type { Stage } from '../scene.ts';
import { callApi } from './call-api.ts';

/** The least load that the demo promises. */
export const leastRequestsPerSecond = 200;
const mostRequestsPerSecond = 400;
/** The load must not compete with what is measured: a tenth of what this machine can answer. */
const share = 0.1;
const atOnce = 8;
const calibrationMs = 2000;

export interface Calibration {
  /** What this machine answered, as fast as it could. */
  readonly capacity: number;
  /** The rate of the load, in requests per second. */
  readonly rate: number;
  /** Milliseconds between two revocations, so that the probes for them stay within the same share. */
  readonly revocationEveryMs: number;
}

/**
 * Sends requests as fast as they are answered, for two seconds, and derives the rate of the load. It also warms up the
 * processes: the first requests of a process are compiled while they run.
 */
export async function calibrate(stage: Stage, accessTokens: readonly string[]): Promise<Calibration> {
  const { world, nowMs, send } = stage;
  const startedAtMs = nowMs();
  let answered = 0;
  const worker = async (_: unknown, offset: number): Promise<void> => {
    for (let index = offset; nowMs() - startedAtMs < calibrationMs; index += atOnce) {
      const replica = world.replicas[index % world.replicas.length];
      const accessToken = accessTokens[index % accessTokens.length];
      if (replica === undefined || accessToken === undefined) return;
      await callApi(send, replica, accessToken);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const capacity = Math.round(answered / ((nowMs() - startedAtMs) / 1000));
  return { capacity, rate: rateFor(capacity), revocationEveryMs: pauseFor(capacity) };
}

/** @param capacity requests per second. */
export function rateFor(capacity: number): number {
  return Math.min(mostRequestsPerSecond, Math.max(leastRequestsPerSecond, Math.round(capacity * share)));
}

/** About four probes at each of three replicas for one revocation. */
const probesOfOne = 12;

/** @param capacity requests per second. @returns milliseconds, 40–100. */
export function pauseFor(capacity: number): number {
  return Math.min(100, Math.max(40, Math.round((probesOfOne / (capacity * share)) * 1000)));
}
