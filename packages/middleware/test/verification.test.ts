import { beforeAll, describe, expect, it } from '@jest/globals';
import { reasons } from '../src/errors.ts';
import { reasonOf } from './table-run.ts';
import { type Bench, buildBenches, requestLike } from './verification-bench.ts';
import { type BenchName, rows } from './verification-table.ts';

let benches: ReadonlyMap<BenchName, Bench>;

beforeAll(async () => {
  benches = await buildBenches();
});

/** Reasons that are found before a key is searched. */
const reasonsBeforeKeys = ['missing_token', 'malformed_token', 'wrong_typ', 'untrusted_issuer', 'expired'];

describe('a verifier', () => {
  it.each(
    rows
      .filter((row) => row.guard === undefined)
      .map((row) => [row.bench ?? 'plain', row.sends, row.reason, row] as const),
  )('(%s) answers %s with %s, three times', async (bench, _sends, reason, row) => {
    const { verifier } = benches.get(bench)!;
    expect(reasonOf(await verifier.verify(requestLike(row)))).toBe(reason);
    // The second time the token may be cached, the third time its acceptance repeated: the result must be the same.
    expect(reasonOf(await verifier.verify(requestLike(row)))).toBe(reason);
    expect(reasonOf(await verifier.verify(requestLike(row)))).toBe(reason);
  });

  it('fetches nothing for a token that fails a check before the signature', async () => {
    const fresh = (await buildBenches()).get('remote keys')!;
    const refusedEarly = rows.filter(
      ({ reason, token, firstSentAt }) =>
        reasonsBeforeKeys.includes(reason) && token?.claims === undefined && firstSentAt === undefined,
    );
    expect(refusedEarly.length).toBeGreaterThan(20);
    for (const row of refusedEarly) await fresh.verifier.verify(requestLike(row));
    expect(fresh.dependencies.fetched).toEqual([]);
  });
});

describe('the table', () => {
  it('produces every reason', () => {
    const produced = new Set<string>(rows.map(({ reason }) => reason));
    expect(reasons.filter((reason) => !produced.has(reason))).toEqual([]);
  });

  it('has at least 150 rows, each with its own name in its bench', () => {
    expect(rows.length).toBeGreaterThanOrEqual(150);
    expect(new Set(rows.map(({ bench, sends, guard }) => `${bench} ${sends} ${guard}`)).size).toBe(rows.length);
  });
});
