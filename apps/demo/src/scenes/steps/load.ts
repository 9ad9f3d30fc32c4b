import type { Replica } from '../../world/world.ts';
import type { Stage } from '../scene.ts';
import { callApi } from './call-api.ts';

/** A token that is revoked during the load, and the time of its first refusal by each replica. */
export interface Target {
  readonly accessToken: string;
  /** Arrival time of the first 401, by name of the replica. */
  readonly refusedAtMs: Map<string, number>;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Answers by HTTP status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** How much later than due requests were sent, in milliseconds: what this process adds to what it measures. */
  readonly lagsMs: readonly number[];
  /** Number of accepted requests that were sent after a refusal by the same replica; must be 0. */
  readonly acceptedAfterRefusal: number;
}

export interface Load {
  /**
   * Sends a request for a token to a replica every {@link probeEveryMs}, without waiting for earlier answers, until one
   * is refused; at most {@link maxProbes} wait for an answer. These requests are included in the result.
   *
   * @throws Error when the replica still accepts the token after `giveUpAfterMs`.
   */
  probe(replica: Replica, target: Target, giveUpAfterMs: number): Promise<void>;
  stop(): Promise<LoadResult>;
}

/** Interval between two probes: the resolution of the measurement. */
export const probeEveryMs = 5;
/** Probes of one token at one replica that wait for an answer at the same time. */
const maxProbes = 3;

/** Interval at which due requests are sent. */
const tickMs = 5;

/**
 * Sends requests at a constant rate, distributed over tokens and replicas. Each is sent when it is due, independent of
 * earlier answers. Otherwise a slow server would reduce its own load and hide its latency.
 */
export function startLoad(stage: Stage, targets: readonly Target[], requestsPerSecond: number): Load {
  const { world, nowMs } = stage;
  const startedAtMs = nowMs();
  const statuses = new Map<number, number>();
  const pending = new Set<Promise<unknown>>();
  let acceptedAfterRefusal = 0;
  let requests = 0;
  let sent = 0;
  let running = true;
  const lagsMs: number[] = [];

  const call = async (replica: Replica, target: Target): Promise<void> => {
    const refusedBefore = target.refusedAtMs.has(replica.name);
    requests += 1;
    const { status } = await callApi(stage.send, replica, target.accessToken);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200 && refusedBefore) acceptedAfterRefusal += 1;
    if (status === 401 && !target.refusedAtMs.has(replica.name)) target.refusedAtMs.set(replica.name, nowMs());
  };

  const track = (request: Promise<void>): Promise<void> => {
    const answered = request
      // A failed connection is neither an accept nor a refusal; it counts as status 0.
      .catch(() => void statuses.set(0, (statuses.get(0) ?? 0) + 1))
      .finally(() => pending.delete(answered));
    pending.add(answered);
    return answered;
  };

  const sendDue = (): void => {
    const elapsedMs = nowMs() - startedAtMs;
    const due = Math.floor((elapsedMs / 1000) * requestsPerSecond);
    for (; sent < due; sent += 1) {
      const replica = world.replicas[sent % world.replicas.length];
      const target = targets[Math.floor(sent / world.replicas.length) % targets.length];
      if (replica === undefined || target === undefined) return;
      lagsMs.push(elapsedMs - ((sent + 1) / requestsPerSecond) * 1000);
      void track(call(replica, target));
    }
  };

  const loop = (async () => {
    while (running) {
      sendDue();
      await stage.sleep(tickMs);
    }
  })();

  return {
    async probe(replica, target, giveUpAfterMs) {
      const begunAtMs = nowMs();
      let dueAtMs = begunAtMs;
      let waiting = 0;
      while (!target.refusedAtMs.has(replica.name)) {
        const lateMs = nowMs() - dueAtMs;
        if (!running) return;
        if (lateMs < 0 || waiting >= maxProbes) {
          await stage.sleep(Math.max(1, -lateMs));
        } else {
          lagsMs.push(lateMs);
          waiting += 1;
          void track(call(replica, target)).then(() => {
            waiting -= 1;
          });
          // Missed probes are not made up for: a burst would compete with what is measured.
          dueAtMs = Math.max(dueAtMs, nowMs() - probeEveryMs) + probeEveryMs;
        }
        if (nowMs() - begunAtMs > giveUpAfterMs) {
          throw new Error(`${replica.name} accepts a revoked token after ${giveUpAfterMs} ms`);
        }
      }
    },
    async stop() {
      running = false;
      await loop;
      const tookMs = nowMs() - startedAtMs;
      await Promise.all(pending);
      return {
        requests,
        requestsPerSecond: Math.round((requests / tookMs) * 1000),
        statuses,
        lagsMs,
        acceptedAfterRefusal,
      };
    },
  };
}
