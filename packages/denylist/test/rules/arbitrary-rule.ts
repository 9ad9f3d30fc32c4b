import fc from 'fast-check';
import { forEver, type Rule, stampCeiling } from '../../src/rules/rule.ts';

/** Few distinct numbers, so that equal, earlier and later ones all come up; some at the edges of uint32. */
const secondsUpTo = (last: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 6 }) },
    { weight: 1, arbitrary: fc.constantFrom(1_767_225_600, last - 1, last) },
  );
const seconds = secondsUpTo(forEver - 1);
/** What a clock of a log can have stated. */
const stamp = secondsUpTo(stampCeiling - 1);

/** Any rule that a log can hold: a denial always has a stamp, because whoever states one stamps it. */
export const arbitraryRule: fc.Arbitrary<Rule> = fc
  .record({
    deniedUntil: fc.oneof(seconds, fc.constant(forEver)),
    issuedUpTo: seconds,
    denialStamp: stamp,
    liftedUpTo: stamp,
  })
  .map((rule) => (rule.denialStamp === 0 ? { ...rule, deniedUntil: 0 } : rule));

/** Any digest; often one that shares its first or second word with others. */
export const arbitraryDigest: fc.Arbitrary<Uint32Array> = fc
  .tuple(word(), word(), word(), word())
  .map((words) => Uint32Array.from(words));

function word(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(forEver), fc.integer({ min: 0, max: forEver }));
}
