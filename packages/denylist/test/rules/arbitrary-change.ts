import fc from 'fast-check';
import type { Change, RevocationDetails } from '../../src/rules/event.ts';
import { dimensions, revocationReasons } from '../../src/rules/revocation.ts';
import { forEver } from '../../src/rules/rule.ts';
import { arbitraryDigest, arbitraryRule } from './arbitrary-rule.ts';

const milliseconds = fc.integer({ min: 0, max: 2 ** 45 });

/** Any details that a publisher can write. */
export const arbitraryDetails: fc.Arbitrary<RevocationDetails> = fc.record(
  {
    id: fc.string({ minLength: 1, maxLength: 128 }),
    kind: fc.constantFrom('revoke', 'lift', 'reseed'),
    dimension: fc.constantFrom(...dimensions),
    reason: fc.constantFrom(...revocationReasons),
    actor: fc.string({ minLength: 1, maxLength: 128 }),
    occurredAtMs: milliseconds,
    requestedAtMs: milliseconds,
    traceparent: fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
    cutoff: fc.constant(true as const),
  },
  { requiredKeys: ['id', 'kind'] },
);

/** Any change, told by a log or learnt from a snapshot. */
export const arbitraryChange: fc.Arbitrary<Change> = fc.record(
  {
    digest: arbitraryDigest,
    rule: fc.oneof(
      arbitraryRule,
      fc.constant({ deniedUntil: forEver, issuedUpTo: forEver, denialStamp: forEver, liftedUpTo: forEver }),
    ),
    loggedAtMs: milliseconds,
    receivedAtMs: milliseconds,
    details: arbitraryDetails,
  },
  { requiredKeys: ['digest', 'rule'] },
);
