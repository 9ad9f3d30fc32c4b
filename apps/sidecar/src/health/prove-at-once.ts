import type { FreshnessStatus } from '@revocast/denylist/replica';

/** What of a replica is looked at. */
export interface Proven {
  readonly freshness: { status(): Pick<FreshnessStatus, 'state'> };
  onPosition(listener: () => void): unknown;
}

/**
 * Asks for a heartbeat of our own when everything is applied and only the proof is missing: after a start, or a resync.
 * Whoever has the lease may be half a second from its next one, or dead, and then it is two seconds until somebody else
 * has it: a sidecar that was killed while it held the lease would wait for its own.
 *
 * Once until fresh again: a log that takes no heartbeat is not asked more often for it.
 */
export function proveAtOnce(replica: Proven, { beatNow }: { beatNow(): void }): void {
  let asked = false;
  const look = () => {
    const { state } = replica.freshness.status();
    if (state === 'stale' && !asked) beatNow();
    asked = state === 'stale';
  };
  look();
  replica.onPosition(look);
}
