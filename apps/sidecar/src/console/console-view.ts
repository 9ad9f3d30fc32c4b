import type { Clock, Misconfiguration, Replica, ReplicaStatus } from '@revocast/denylist/replica';
import type { FeedServer } from '@revocast/denylist/server';
import type { ProbeAnswer, Probes } from '../health/probes.ts';
import type { SourceWatch } from '../health/watch-source.ts';
import type { ReplicaLag, ReplicaLags } from './replica-lags.ts';
import type { AppliedRevocation, RevocationHistory } from './revocation-history.ts';

/** All that the console shows, at one moment. */
export interface ConsoleView {
  /** Wall clock of this host. */
  readonly nowMs: number;
  readonly version: string;
  readonly maxStalenessMs: number;
  readonly status: ReplicaStatus;
  readonly readiness: ProbeAnswer;
  /** What should be fixed about the source, as last looked at. */
  readonly misconfigurations: readonly Misconfiguration[];
  /** Event streams open: API processes and relays. */
  readonly streams: number;
  readonly replicas: readonly ReplicaLag[];
  /** Oldest first. */
  readonly revocations: readonly AppliedRevocation[];
  readonly heartbeats: readonly number[];
  readonly countByReason: ReadonlyMap<string, number>;
}

export interface ConsoleParts {
  readonly replica: Pick<Replica, 'status'>;
  readonly probes: Pick<Probes, 'ready'>;
  readonly source: Pick<SourceWatch, 'latest'>;
  readonly feedServer: Pick<FeedServer, 'clients'>;
  readonly lags: Pick<ReplicaLags, 'read'>;
  readonly history: Pick<RevocationHistory, 'recent' | 'heartbeats' | 'countByReason'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly version: string;
  readonly maxStalenessMs: number;
}

export function readView(parts: ConsoleParts): ConsoleView {
  const { replica, probes, source, feedServer, lags, history, clock, version, maxStalenessMs } = parts;
  return {
    nowMs: clock.wallMs(),
    version,
    maxStalenessMs,
    status: replica.status(),
    readiness: probes.ready(),
    misconfigurations: source.latest()?.misconfigurations ?? [],
    streams: feedServer.clients().count,
    replicas: lags.read(),
    revocations: history.recent(),
    heartbeats: history.heartbeats(),
    countByReason: history.countByReason(),
  };
}
