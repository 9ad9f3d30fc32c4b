import type { Child } from '../child.ts';

/** The time at which each id was sent or seen, on the host's monotonic clock. */
export type Times = ReadonlyMap<string, number>;

/** The ids that a reader has seen since the last call. */
export async function collect(reader: Child): Promise<Times> {
  const { seen } = await reader.ask('report');
  if (!Array.isArray(seen)) throw new Error('expected an array as seen');
  return new Map(seen.map(([id, atMs]: [unknown, unknown]) => [String(id), Number(atMs)]));
}

/** The way of one revocation to one process. */
export interface Hop {
  readonly sentAtMs: number;
  readonly latencyMs: number;
}

/** Ids that the reader has not seen are left out, and the caller counts them. */
export function hopsOf(seen: Times, sent: Times): Hop[] {
  return [...sent].flatMap(([id, sentAtMs]) => {
    const atMs = seen.get(id);
    return atMs === undefined ? [] : [{ sentAtMs, latencyMs: atMs - sentAtMs }];
  });
}
