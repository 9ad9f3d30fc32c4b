import fc from 'fast-check';
import type { Change, RevocationDetails } from '../../src/rules/event.ts';
import { dimensions, revocationReasons } from '../../src/rules/revocation.ts';
import { forEver, stampCeiling } from '../../src/rules/rule.ts';
import { arbitraryDigest, arbitraryRule } from './arbitrary-rule.ts';

const milliseconds = fc.integer({ min: 0, max: 2 ** 45 });
const unixMilliseconds = fc.integer({ min: 1e12 + 1, max: 1e14 - 1 });
const eventId = fc.stringMatching(/^[\x21-\x7e]{1,128}$/);

/** Any details that a publisher can write. */
export const arbitraryDetails: fc.Arbitrary<RevocationDetails> = fc.record(
  {
    id: eventId,
    kind: fc.constantFrom('revoke', 'lift', 'reseed'),
    dimension: fc.constantFrom(...dimensions),
    reason: fc.constantFrom(...revocationReasons),
    actor: fc.string({ minLength: 1, maxLength: 128 }),
    occurredAtMs: unixMilliseconds,
    requestedAtMs: unixMilliseconds,
    traceparent: fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`),
    cutoff: fc.constant(true as const),
    fingerprint: fc.constant('0123456789abcdef'),
  },
  { requiredKeys: ['id', 'kind'] },
);

/** Any change, told by a log or learnt from a snapshot. */
export const arbitraryChange: fc.Arbitrary<Change> = fc.record(
  {
    digest: arbitraryDigest,
    rule: fc.oneof(
      arbitraryRule,
      fc.constant({
        deniedUntil: forEver,
        issuedUpTo: forEver,
        denialStamp: forEver,
        liftedUpTo: stampCeiling - 1,
      }),
    ),
    loggedAtMs: milliseconds,
    receivedAtMs: milliseconds,
    details: arbitraryDetails,
  },
  { requiredKeys: ['digest', 'rule'] },
);
