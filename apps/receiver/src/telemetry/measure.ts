import type { Quarantine } from '../spool/quarantine.ts';
import type { Spool } from '../spool/spool.ts';
import type { ReceiverMetrics } from './receiver-metrics.ts';

interface Measured {
  readonly spool: Spool | undefined;
  readonly quarantine: Quarantine | undefined;
  readonly isReady: boolean;
  readonly isLogReachable: boolean;
}

/** Sets the gauges that are read at a scrape. */
export function measure(metrics: ReceiverMetrics, measured: Measured): void {
  const { spool, quarantine, isReady, isLogReachable } = measured;
  const { messages, oldestMs } = spool?.status() ?? { messages: 0, oldestMs: 0 };
  metrics.gauge('spool_messages').set(messages);
  metrics.gauge('spool_oldest_seconds').set(oldestMs / 1000);
  metrics.gauge('quarantine_messages').set(quarantine?.size ?? 0);
  metrics.gauge('receiver_ready').set(isReady ? 1 : 0);
  metrics.gauge('receiver_log_reachable').set(isLogReachable ? 1 : 0);
}
