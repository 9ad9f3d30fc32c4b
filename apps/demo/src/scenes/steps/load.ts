import type { Replica } from '../../world/world.ts';
import type { Stage } from '../scene.ts';
import { callApi } from './call-api.ts';

/** A token that is revoked during the load, and what clients of each replica saw of it. */
export interface Target {
  readonly accessToken: string;
  /** By replica name: when the first 401 had arrived. */
  readonly refusedAtMs: Map<string, number>;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Answers by HTTP status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Accepted although sent after the same replica had refused the same token: must be 0. */
  readonly acceptedAfterRefusal: number;
}

export interface Load {
  /** One request by a client, counted with the rest. @returns the status. */
  call(replica: Replica, target: Target): Promise<number>;
  stop(): Promise<LoadResult>;
}

/** The share of a second after which the next few requests are sent. */
const tickMs = 10;

/**
 * Requests at a steady rate, spread over tokens and replicas in turn. They are sent when they are due, whether earlier
 * ones have been answered or not: a slow server must not slow its load down, or it would hide its own latency.
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

  const sendWhatIsDue = (): void => {
    const due = Math.floor(((nowMs() - startedAtMs) / 1000) * requestsPerSecond);
    for (; sent < due; sent += 1) {
      const replica = world.replicas[sent % world.replicas.length];
      const target = targets[Math.floor(sent / world.replicas.length) % targets.length];
      if (replica === undefined || target === undefined) return;
      const answered = call(replica, target)
        // A connection that breaks is neither accepted nor refused.
        .catch(() => statuses.set(0, (statuses.get(0) ?? 0) + 1))
        .finally(() => pending.delete(answered));
      pending.add(answered);
    }
  };

  const loop = (async () => {
    while (running) {
      sendWhatIsDue();
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
