import type { Event, Step } from './step.ts';

/** `deny 0 400`: the event, its numbers, and the milliseconds that pass after it (default 0). */
export function steps(...lines: readonly string[]): readonly Step[] {
  return lines.map((line) => {
    const [, kind = '', rest = ''] = /^([a-z -]+?)((?: -?\d+)*)$/.exec(line) ?? [];
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
    case 'cutoff by the issuer':
    case 'old deny':
    case 'old lift':
    case 'old cutoff':
    case 'deny on the cut-off side':
      return { kind, token: next() };
    case 'isolate':
    case 'reconnect':
    case 'kill sidecar':
    case 'start sidecar':
    case 'pause sidecar':
    case 'resume sidecar':
    case 'hang reports':
    case 'resume reports':
    case 'hang tail':
    case 'resume tail':
    case 'ghost':
      return { kind, sidecar: next() };
    case 'kill process':
    case 'start process':
    case 'pause process':
    case 'resume process':
      return { kind, process: next() };
    case 'cut link':
    case 'restore link':
    case 'drop connection':
    case 'lose change':
    case 'double change':
    case 'swap changes':
    case 'forge report':
      return { kind, reader: next() };
    case 'point relay':
      return { kind, relay: next(), sidecar: next() };
    case 'partition':
      return { kind, withPrimary: [next()] };
    case 'step log clock':
    case 'step replica clock':
    case 'step publisher clock':
    case 'step issuer clock':
    case 'night':
      return { kind, ms: next() };
    case 'jump wall':
      return { kind, sidecar: next(), ms: next() };
    case 'move publisher':
      return { kind, sidecar: next() };
    case 'shorten':
      return { kind, writes: next() };
    case 'switch':
      return { kind, process: next(), sidecar: next() };
    case 'deny short':
    case 'prune short':
    case 'back up':
    case 'move name':
    case 'restore backup':
    case 'stop all sidecars':
    case 'failover':
    case 'end partition':
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
