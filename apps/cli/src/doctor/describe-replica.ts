import { printable } from '../output/printable.ts';
import type { ReplicaFacts } from './look-at-sidecar.ts';

/** A process reports at least once a second; after this long without a report it receives no proofs. */
const silentAfterMs = 2500;
/** A process applies a change within milliseconds. */
const lateMs = 1000;

/** What is wrong with a process behind a sidecar: `orders-7d9f: 3 entries behind for 1.2 s`. Undefined when nothing is. */
export function troubleOf({ name, lag, silentMs }: ReplicaFacts): string | undefined {
  const troubles = [
    ...(lag === 'unknown' ? ['not synchronised yet, or far behind'] : []),
    ...(typeof lag === 'object' && lag.ms >= lateMs ? [`${lag.changes} entries behind for ${seconds(lag.ms)}`] : []),
    ...(silentMs === undefined || silentMs > silentAfterMs
      ? [silentMs === undefined ? 'has never reported' : `silent for ${seconds(silentMs)}`]
      : []),
  ];
  return troubles.length === 0 ? undefined : `${printable(name)}: ${troubles.join(', ')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
