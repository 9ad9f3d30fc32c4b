import type { Child } from '../child.ts';

/** When each id left or was seen, on the host's clock. */
export type Times = ReadonlyMap<string, number>;

/** What a reader has seen since it was last asked. */
export async function collect(reader: Child): Promise<Times> {
  const { seen } = await reader.ask('report');
  if (!Array.isArray(seen)) throw new Error('expected a report');
  return new Map(seen.map(([id, atMs]: [unknown, unknown]) => [String(id), Number(atMs)]));
}

/** One revocation in one process. */
export interface Hop {
  readonly sentAtMs: number;
  readonly latencyMs: number;
}

/** Ids that a reader has not seen are left out: the caller counts them. */
export function hopsOf(seen: Times, sent: Times): Hop[] {
  return [...sent].flatMap(([id, sentAtMs]) => {
    const atMs = seen.get(id);
    return atMs === undefined ? [] : [{ sentAtMs, latencyMs: atMs - sentAtMs }];
  });
}
