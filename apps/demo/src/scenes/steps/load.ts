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
  /** Number of accepted requests that were sent after a refusal by the same replica; must be 0. */
  readonly acceptedAfterRefusal: number;
}

export interface Load {
  /** Sends one more request, which is included in the result. @returns the status. */
  call(replica: Replica, target: Target): Promise<number>;
  stop(): Promise<LoadResult>;
}

/** Interval at which due requests are sent. */
const tickMs = 10;

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

  const call = async (replica: Replica, target: Target): Promise<number> => {
    const refusedBefore = target.refusedAtMs.has(replica.name);
    requests += 1;
    const { status } = await callApi(stage.send, replica, target.accessToken);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200 && refusedBefore) acceptedAfterRefusal += 1;
    if (status === 401 && !target.refusedAtMs.has(replica.name)) target.refusedAtMs.set(replica.name, nowMs());
    return status;
  };

  const sendDue = (): void => {
    const due = Math.floor(((nowMs() - startedAtMs) / 1000) * requestsPerSecond);
    for (; sent < due; sent += 1) {
      const replica = world.replicas[sent % world.replicas.length];
      const target = targets[Math.floor(sent / world.replicas.length) % targets.length];
      if (replica === undefined || target === undefined) return;
      const answered = call(replica, target)
        // A failed connection is neither an accept nor a refusal; it counts as status 0.
        .catch(() => statuses.set(0, (statuses.get(0) ?? 0) + 1))
        .finally(() => pending.delete(answered));
      pending.add(answered);
    }
  };

  const loop = (async () => {
    while (running) {
      sendDue();
      await stage.sleep(tickMs);
    }
  })();

  return {
    call,
    async stop() {
      running = false;
      await loop;
      const tookMs = nowMs() - startedAtMs;
      await Promise.all(pending);
      return { requests, requestsPerSecond: Math.round((requests / tookMs) * 1000), statuses, acceptedAfterRefusal };
    },
  };
}
