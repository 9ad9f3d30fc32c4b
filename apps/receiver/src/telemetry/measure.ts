import type { KeySource } from '@revocast/middleware/keys';
import type { Quarantine } from '../spool/quarantine.ts';
import type { Spool } from '../spool/spool.ts';
import type { ReceiverMetrics } from './receiver-metrics.ts';

type Keys = Partial<Pick<KeySource, 'prefetch' | 'status'>>;

interface Measured {
  /** By the name of their source. */
  readonly keys: ReadonlyMap<string, Keys>;
  readonly spool: Spool | undefined;
  readonly quarantine: Quarantine | undefined;
  readonly isReady: boolean;
  readonly isLogReachable: boolean;
}

/** Sets the gauges that are read at a scrape. */
export function measure(metrics: ReceiverMetrics, measured: Measured): void {
  const { keys, spool, quarantine, isReady, isLogReachable } = measured;
  const { messages, oldestMs } = spool?.status() ?? { messages: 0, oldestMs: 0 };
  metrics.gauge('spool_messages').set(messages);
  metrics.gauge('spool_oldest_seconds').set(oldestMs / 1000);
  metrics.gauge('quarantine_messages').set(quarantine?.size ?? 0);
  metrics.gauge('receiver_ready').set(isReady ? 1 : 0);
  metrics.gauge('receiver_log_reachable').set(isLogReachable ? 1 : 0);
  for (const [source, keySet] of keys) {
    const status = keySet.status?.();
    if (status === undefined) continue;
    const isHeld = status.state === 'fresh' || status.state === 'stale';
    metrics.gauge('receiver_keys_usable').set({ source }, isHeld || status.consecutiveFailures === 0 ? 1 : 0);
    // Without a message, nothing else would find out that it can be fetched again. Attempts have their own back-off.
    if (!isHeld) void keySet.prefetch?.();
  }
}
