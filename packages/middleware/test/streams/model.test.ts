import { describe, expect, it } from '@jest/globals';
import { type DimensionValue, denies, type Rule } from '@revocast/denylist/replica';
import fc from 'fast-check';
import type { Watch } from '../../src/streams/watch.ts';
import { issuer, openStreams } from './stream-world.ts';

/** Few values, so that streams share them and rules meet. */
const values: readonly DimensionValue[] = [
  ...['s-1', 's-2', 's-3'].map((value) => ({ dimension: 'session', issuer, value }) as const),
  ...['alice', 'bob'].map((value) => ({ dimension: 'subject', issuer, value }) as const),
  ...['c-1', 'c-2'].map((value) => ({ dimension: 'client', issuer, value }) as const),
  { dimension: 'issuer', issuer, value: issuer },
];

const value = fc.nat(values.length - 1);
const second = fc.integer({ min: -20, max: 20 });
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('watch'),
      values: fc.uniqueArray(value, { minLength: 1, maxLength: 4 }),
      issuedAt: second,
      expiresIn: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('change', 'snapshot'), value, until: second, cutoff: second }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lift'), value, stamps: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close'), at: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 15 }) }) },
);

interface Stream {
  readonly watch: Watch;
  readonly values: readonly number[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  state: 'open' | 'closed' | 'revoked' | 'expired';
}

/** The state that a stream shows to its application. */
function stateOf({ watch, state }: Stream): Stream['state'] {
  if (watch.reason === undefined) return state === 'closed' ? 'closed' : 'open';
  return watch.reason === 'expired' ? 'expired' : 'revoked';
}

describe('watched streams, against a list that is judged from its beginning after each step', () => {
  it('end exactly when a rule denies their token, or it expires', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const { streams, feed, clock, tokenOf, nowSeconds } = openStreams();
        const start = nowSeconds();
        const list: Stream[] = [];
        let stamp = 1;
        const judge = () => {
          for (const stream of list) {
            if (stream.state !== 'open') continue;
            const rules = stream.values.map((index) => feed.ruleOf(values[index]!));
            const isDenied = rules.some(
              (rule: Rule | undefined) => rule && denies(rule, stream.issuedAt, nowSeconds()),
            );
            if (nowSeconds() >= stream.expiresAt) stream.state = 'expired';
            else if (isDenied) stream.state = 'revoked';
          }
        };
        for (const done of steps) {
          if (done.kind === 'watch') {
            const times = { issuedAt: start + done.issuedAt, expiresAt: nowSeconds() + done.expiresIn };
            const token = tokenOf({ values: done.values.map((index) => values[index]!), ...times });
            list.push({ watch: streams.watch(token), values: done.values, ...times, state: 'open' });
          } else if ('until' in done) {
            stamp += 1;
            const rule = {
              deniedUntil: nowSeconds() + done.until,
              denialStamp: stamp,
              issuedUpTo: done.cutoff < 0 ? 0 : start + done.cutoff - 20,
            };
            if (done.kind === 'change') feed.change(values[done.value]!, rule);
            else feed.resync(values[done.value]!, rule);
          } else if (done.kind === 'lift') {
            const open = list.filter(({ watch }) => watch.reason === undefined).length;
            feed.change(values[done.value]!, { liftedUpTo: Math.max(0, stamp - done.stamps) });
            expect(list.filter(({ watch }) => watch.reason === undefined).length).toBe(open);
          } else if (done.kind === 'close') {
            const stream = list[done.at];
            stream?.watch.close();
            if (stream?.state === 'open') stream.state = 'closed';
          } else if (done.kind === 'wait') {
            for (let waited = 0; waited < done.seconds; waited += 1) {
              await clock.advance(1000);
              judge();
            }
          }
          judge();
          expect(list.map(stateOf)).toEqual(list.map(({ state }) => state));
          expect(streams.size).toBe(list.filter(({ state }) => state === 'open').length);
        }
        for (const { watch } of list) watch.close();
        expect(streams.entries).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
