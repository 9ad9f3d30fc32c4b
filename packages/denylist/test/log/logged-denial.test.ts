import { describe, expect, it } from '@jest/globals';
import { denialOf, loggedDetails } from '../../src/log/logged-denial.ts';
import type { RevocationDetails } from '../../src/rules/event.ts';
import { emptyRule } from '../../src/rules/rule.ts';
import type { Statement } from '../../src/rules/statement.ts';

const digest = Uint32Array.of(1, 2, 3, 4);
const details: RevocationDetails = { id: 'e1', kind: 'revoke', dimension: 'subject' };
const logged = (statement: Statement, said: RevocationDetails = details) => ({
  digest,
  rule: { ...emptyRule, deniedUntil: 5, issuedUpTo: 5, denialStamp: 5 },
  details: loggedDetails({ digest, statement, details: said }),
});

describe('the event of an id', () => {
  it('that denied a value tells which', () => {
    expect(denialOf(logged({ kind: 'deny', until: 5 }))).toEqual({ digest, dimension: 'subject' });
  });

  // The rule of the event is what was held after it, an earlier denial included: it cannot tell.
  it('that was a cutoff cannot be lifted, whatever else is denied', () => {
    expect(() => denialOf(logged({ kind: 'cutoff', issuedUpTo: 5 }))).toThrow(/cutoff cannot be lifted: people log in/);
  });

  it.each<[string, RevocationDetails, RegExp]>([
    ['was a lift', { ...details, kind: 'lift' }, /denies nothing; to deny again, revoke again/],
    ['does not say what it named', { id: 'e1', kind: 'revoke' }, /lift that value/],
  ])('that %s is refused', (_, said, why) => {
    const event = logged({ kind: 'lift' }, said);
    expect(() => denialOf(event)).toThrow(why);
    expect(() => denialOf(event)).toThrow(expect.objectContaining({ code: 'refused', applied: false }));
  });
});
