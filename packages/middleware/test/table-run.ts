import type { Decision } from '../src/decision.ts';
import { buildBenches, requestLike } from './verification-bench.ts';
import { rows } from './verification-table.ts';

export function reasonOf(decision: Decision): string {
  return decision.outcome === 'accepted' ? 'none' : decision.reason;
}

/**
 * Sends every row without a guard three times: for a new token, a known one, and one whose acceptance may be repeated. Returns
 * the rows with a wrong result.
 */
export async function runTable(): Promise<string[]> {
  const benches = await buildBenches();
  const wrong: string[] = [];
  for (const row of rows) {
    if (row.guard !== undefined) continue;
    const { verifier } = benches.get(row.bench ?? 'plain')!;
    for (let time = 0; time < 3; time += 1) {
      if (reasonOf(await verifier.verify(requestLike(row))) === row.reason) continue;
      wrong.push(row.sends);
      break;
    }
  }
  await Promise.all([...benches.values()].map(({ verifier }) => verifier.close()));
  return wrong;
}
