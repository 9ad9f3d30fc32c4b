import type { Decision } from '../src/decision.ts';
import { buildBenches, requestOf } from './verification-bench.ts';
import { type Row, rows } from './verification-table.ts';

/** The request of a row as Node hands it to an application. */
export function requestLike(row: Row) {
  const { fields } = requestOf(row);
  const headers: Record<string, string> = {};
  // As Node does it: the first of several Authorization fields wins, the rest is dropped.
  for (const [name, value] of fields) headers[name] ??= value;
  return { headers, rawHeaders: fields.flat() };
}

export function reasonOf(decision: Decision): string {
  return decision.outcome === 'accepted' ? 'none' : decision.reason;
}

/** Sends every row but those that need an application around the verifier, each twice. Returns those that are wrong. */
export async function runTable(): Promise<string[]> {
  const benches = await buildBenches();
  const wrong: string[] = [];
  for (const row of rows) {
    if (row.guard !== undefined) continue;
    const { verifier } = benches.get(row.bench ?? 'plain')!;
    const request = requestLike(row);
    const first = reasonOf(await verifier.verify(request));
    const second = reasonOf(await verifier.verify(request));
    if (first !== row.reason || second !== row.reason) wrong.push(row.sends);
  }
  await Promise.all([...benches.values()].map(({ verifier }) => verifier.close()));
  return wrong;
}
