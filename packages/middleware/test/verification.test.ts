import { beforeAll, describe, expect, it } from '@jest/globals';
import { reasons } from '../src/errors.ts';
import { reasonOf } from './table-run.ts';
import { type Bench, buildBenches, requestLike } from './verification-bench.ts';
import { type BenchName, rows } from './verification-table.ts';

let benches: ReadonlyMap<BenchName, Bench>;

beforeAll(async () => {
  benches = await buildBenches();
});

/** What is seen before a key is looked for. */
const hopelessReasons = ['missing_token', 'malformed_token', 'wrong_typ', 'untrusted_issuer', 'expired'];

describe('a verifier that is sent', () => {
  it.each(
    rows
      .filter((row) => row.guard === undefined)
      .map((row) => [row.bench ?? 'plain', row.sends, row.reason, row] as const),
  )('(%s) %s answers %s, twice the same', async (bench, _sends, reason, row) => {
    const { verifier } = benches.get(bench)!;
    expect(reasonOf(await verifier.verify(requestLike(row)))).toBe(reason);
    // The second time the token may be known: nothing about it may have become better.
    expect(reasonOf(await verifier.verify(requestLike(row)))).toBe(reason);
  });

  it('a token that could never be accepted has the issuer asked for nothing', async () => {
    const fresh = (await buildBenches()).get('remote keys')!;
    const hopeless = rows.filter(
      ({ reason, token }) => hopelessReasons.includes(reason) && token?.claims === undefined,
    );
    expect(hopeless.length).toBeGreaterThan(20);
    for (const row of hopeless) await fresh.verifier.verify(requestLike(row));
    expect(fresh.world.fetched).toEqual([]);
  });
});

describe('the table', () => {
  it('produces every reason', () => {
    const produced = new Set<string>(rows.map(({ reason }) => reason));
    expect(reasons.filter((reason) => !produced.has(reason))).toEqual([]);
  });

  it('has at least 150 rows, no two of one name in one bench', () => {
    expect(rows.length).toBeGreaterThanOrEqual(150);
    expect(new Set(rows.map(({ bench, sends, guard }) => `${bench} ${sends} ${guard}`)).size).toBe(rows.length);
  });
});
