import { setTimeout as sleep } from 'node:timers/promises';
import { isOk, type Sidecar } from '../fleet/sidecar.ts';

const pollMs = 250;
/** As the default of a probe of Kubernetes. */
const timeoutMs = 1000;

export interface Watched {
  readonly polls: number;
  /** Polls of `/readyz` that were not answered 200 in time. */
  readonly readyFailed: number;
  /** Polls of `/v1/fresh` that were not answered 200 in time. */
  readonly feedFailed: number;
  readonly peakBytes: number;
  readonly cpuUs: number;
}

/** Watches a sidecar as probes and readers see it, until `signal`. */
export async function watchSidecar(sidecar: Sidecar, signal: AbortSignal): Promise<Watched> {
  const before = await sidecar.cpuUs();
  let [polls, readyFailed, feedFailed, peakBytes] = [0, 0, 0, 0];
  while (!signal.aborted) {
    const [ready, fresh, bytes] = await Promise.all([
      isOk(`${sidecar.adminUrl}/readyz`, timeoutMs),
      isOk(`${sidecar.url}/v1/fresh`, timeoutMs),
      sidecar.residentBytes(),
    ]);
    polls += 1;
    if (!ready) readyFailed += 1;
    if (!fresh) feedFailed += 1;
    peakBytes = Math.max(peakBytes, bytes);
    await sleep(pollMs);
  }
  return { polls, readyFailed, feedFailed, peakBytes, cpuUs: (await sidecar.cpuUs()) - before };
}
