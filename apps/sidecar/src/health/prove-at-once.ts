import type { FreshnessStatus } from '@revocast/denylist/replica';

/** The parts of a replica that are observed. */
interface Proven {
  readonly freshness: { isFresh(): boolean; status(): Pick<FreshnessStatus, 'state'> };
  onPosition(listener: () => void): unknown;
}

/**
 * Writes a heartbeat at once when every change is applied and only the proof is missing: after a start or a new snapshot.
 * The next heartbeat of the lease holder may be half a second away. If the holder was killed, another sidecar takes the
 * lease only after two seconds.
 *
 * At most one such heartbeat until the replica is fresh again: a log that rejects heartbeats must not be flooded.
 */
export function proveAtOnce(replica: Proven, { beatNow }: { beatNow(): void }): void {
  let wasStale = false;
  const check = () => {
    const isStale = !replica.freshness.isFresh() && replica.freshness.status().state === 'stale';
    if (isStale && !wasStale) beatNow();
    wasStale = isStale;
  };
  check();
  replica.onPosition(check);
}
