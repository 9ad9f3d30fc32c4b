import type { Clock, Misconfiguration, Replica, ReplicaStatus } from '@revocast/denylist/replica';
import type { FeedServer } from '@revocast/denylist/server';
import type { ProbeAnswer, Probes } from '../health/probes.ts';
import type { SourceWatch } from '../health/watch-source.ts';
import type { ReplicaLag, ReplicaLags } from './replica-lags.ts';
import type { AppliedRevocation, RevocationHistory } from './revocation-history.ts';

/** All values that the console shows, read at one moment. */
export interface ConsoleView {
  /** Wall clock of this host, Unix milliseconds. */
  readonly nowMs: number;
  readonly version: string;
  readonly maxStalenessMs: number;
  readonly status: ReplicaStatus;
  readonly readiness: ProbeAnswer;
  /** Wrong settings of the source, as last read. */
  readonly misconfigurations: readonly Misconfiguration[];
  /** Open streams of API processes and relays. */
  readonly streams: number;
  readonly replicas: readonly ReplicaLag[];
  /** Oldest first. */
  readonly revocations: readonly AppliedRevocation[];
  /** Milliseconds from the log to this sidecar. */
  readonly heartbeats: readonly number[];
  readonly countByReason: ReadonlyMap<string, number>;
}

export interface ConsoleParts {
  readonly replica: Replica;
  readonly probes: Probes;
  readonly sourceWatch: SourceWatch;
  readonly feedServer: FeedServer;
  readonly lags: ReplicaLags;
  readonly history: RevocationHistory;
  readonly clock: Clock;
  readonly version: string;
  readonly maxStalenessMs: number;
}

export function readView(parts: ConsoleParts): ConsoleView {
  const { replica, probes, sourceWatch, feedServer, lags, history, clock, version, maxStalenessMs } = parts;
  return {
    nowMs: clock.wallMs(),
    version,
    maxStalenessMs,
    status: replica.status(),
    readiness: probes.ready(),
    misconfigurations: sourceWatch.latest()?.misconfigurations ?? [],
    streams: feedServer.clients().count,
    replicas: lags.read(),
    revocations: history.recent(),
    heartbeats: history.heartbeats(),
    countByReason: history.countByReason(),
  };
}
