import type { Decision } from '../src/decision.ts';
import { buildBenches, requestLike } from './verification-bench.ts';
import { rows } from './verification-table.ts';

export function reasonOf(decision: Decision): string {
  return decision.outcome === 'accepted' ? 'none' : decision.reason;
}

/** Sends every row without a guard twice. Returns the rows with a wrong result. */
export async function runTable(): Promise<string[]> {
  const benches = await buildBenches();
  const wrong: string[] = [];
  for (const row of rows) {
    if (row.guard !== undefined) continue;
    const { verifier } = benches.get(row.bench ?? 'plain')!;
    const first = reasonOf(await verifier.verify(requestLike(row)));
    const second = reasonOf(await verifier.verify(requestLike(row)));
    if (first !== row.reason || second !== row.reason) wrong.push(row.sends);
  }
  await Promise.all([...benches.values()].map(({ verifier }) => verifier.close()));
  return wrong;
}
