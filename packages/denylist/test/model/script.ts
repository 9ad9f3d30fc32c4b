import type { Event, Step } from './step.ts';

/** `deny 0 400`: the event, the numbers it wants, and the milliseconds that pass after it (0 unless given). */
export function steps(...lines: readonly string[]): readonly Step[] {
  return lines.map((line) => {
    const [, kind = '', rest = ''] = /^([a-z -]+?)((?: \d+)*)$/.exec(line) ?? [];
    const numbers = rest.split(' ').filter(Boolean).map(Number);
    const event = eventOf(kind, () => numbers.shift() ?? 0);
    return { event, thenMs: numbers.shift() ?? 0 };
  });
}

function eventOf(kind: string, next: () => number): Event {
  switch (kind) {
    case 'deny':
    case 'lift':
    case 'cutoff':
    case 'deny on the cut-off side':
      return { kind, token: next() };
    case 'isolate':
    case 'reconnect':
    case 'kill sidecar':
    case 'start sidecar':
    case 'pause sidecar':
    case 'resume sidecar':
      return { kind, sidecar: next() };
    case 'kill process':
    case 'start process':
    case 'pause process':
    case 'resume process':
      return { kind, process: next() };
    case 'partition':
      return { kind, withPrimary: [next()] };
    case 'shorten':
      return { kind, writes: next() };
    case 'switch':
      return { kind, process: next(), sidecar: next() };
    case 'failover':
    case 'mend':
    case 'cut replication':
    case 'restore replication':
    case 'restart empty':
    case 'flush':
    case 'trim':
    case 'wait':
      return { kind };
    default:
      throw new Error(`unknown event: ${kind}`);
  }
}
