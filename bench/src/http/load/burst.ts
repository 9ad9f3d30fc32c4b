import { systemClock as clock } from '@revocast/denylist/replica';
import type { Span } from '../within.ts';
import type { RawConnection } from './raw-connection.ts';

/** Begin and end of a burst on the host's monotonic clock, and the number of answers by status. */
export interface Burst extends Span {
  readonly statuses: Readonly<Record<number, number>>;
}

/** Sends one request on each connection in the same turn of the event loop. Resolves after the last answer. */
export function sendBurst(connections: readonly RawConnection[], tokens: readonly string[]): Promise<Burst> {
  return new Promise((resolve, reject) => {
    const statuses: Record<number, number> = {};
    let open = connections.length;
    const fromMs = clock.monotonicMs();
    for (const [index, connection] of connections.entries()) {
      connection.onFailure = reject;
      connection.onAnswer = (status) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        open -= 1;
        if (open === 0) resolve({ fromMs, toMs: clock.monotonicMs(), statuses });
      };
      connection.send(tokens[index % tokens.length] ?? '');
    }
  });
}
