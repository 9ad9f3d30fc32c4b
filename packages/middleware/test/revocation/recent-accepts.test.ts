import { describe, expect, it } from '@jest/globals';
import { type Change, digestOf, digestSetOf } from '@revocast/denylist/replica';
import { RecentAccepts } from '../../src/revocation/recent-accepts.ts';

const session = { dimension: 'session', issuer: 'https://i.test/', value: 's' } as const;
const subject = { dimension: 'subject', issuer: 'https://i.test/', value: 'u' } as const;
const digests = digestSetOf([subject, session]);
const forEver = 0xffff_ffff;

const block: Change = {
  digest: digestOf(session),
  rule: { deniedUntil: forEver, issuedUpTo: 0, denialStamp: 1, liftedUpTo: 0 },
};
const cutoff: Change = {
  digest: digestOf(subject),
  rule: { deniedUntil: 0, issuedUpTo: 500, denialStamp: 0, liftedUpTo: 0 },
};

/** Log clock and monotonic clock show the same here. */
function accepted(...atMs: number[]): RecentAccepts {
  const accepts = new RecentAccepts({ boundMs: 5000 });
  for (const at of atMs) accepts.add({ digests, issuedAt: 500, atMs: at, fresh: true });
  return accepts;
}

const found = (accepts: RecentAccepts, change: Change, occurredAtMs: number, loggedAtMs: number, appliedAtMs: number) =>
  accepts.coveredBy(change, { occurredAtMs, loggedAtMs, appliedAtMs }, appliedAtMs);

describe('recent accepts', () => {
  it('are exposed from the moment of the revocation until it is applied', () => {
    const accepts = accepted(999, 1000, 1004, 1008);
    expect(found(accepts, block, 1000, 1002, 1010)).toEqual([
      { dimension: 'session', ageMs: 8, leaked: false },
      { dimension: 'session', ageMs: 4, leaked: false },
      { dimension: 'session', ageMs: 0, leaked: false },
    ]);
  });

  it('are found alike where their digests were copied', () => {
    for (const pattern of [[true], [true, false], [false, true, true]]) {
      const [copied, kept] = [
        new RecentAccepts({ capacity: 4, boundMs: 5000 }),
        new RecentAccepts({ capacity: 4, boundMs: 5000 }),
      ];
      for (let at = 1000; at < 1010; at++) {
        const other = digestSetOf([{ ...subject, value: `u${at}` }]);
        const accept = { digests: at % 3 === 0 ? other : digests, issuedAt: 500, atMs: at, fresh: true };
        copied.add({ ...accept, isFirstUse: pattern[at % pattern.length]! });
        kept.add(accept);
        for (const change of [block, cutoff]) {
          expect(found(copied, change, 1000, 1002, 1010)).toEqual(found(kept, change, 1000, 1002, 1010));
        }
      }
    }
  });

  it('with more digests than are copied are found too', () => {
    const kids = Array.from(
      { length: 20 },
      (_, index) => ({ dimension: 'key', issuer: 'https://i.test/', value: `${index}` }) as const,
    );
    const accepts = new RecentAccepts({ boundMs: 5000 });
    accepts.add({ digests: digestSetOf([...kids, session]), issuedAt: 500, atMs: 1001, fresh: true, isFirstUse: true });
    expect(found(accepts, block, 1000, 1002, 1010)).toMatchObject([{ dimension: 'session' }]);
  });

  it('are leaked later than the bound after the entry in the log, by a fresh process', () => {
    const accepts = accepted(7000, 7001);
    const leaks = found(accepts, block, 1000, 2000, 8000).map(({ leaked }) => leaked);
    expect(leaks).toEqual([true, false]);
  });

  it('are exposed, not leaked, when the process was not fresh', () => {
    const accepts = new RecentAccepts({ boundMs: 5000 });
    accepts.add({ digests, issuedAt: 500, atMs: 7500, fresh: false });
    expect(found(accepts, block, 1000, 2000, 8000)).toMatchObject([{ leaked: false }]);
  });

  it('are not covered by a cutoff when the token is younger', () => {
    const accepts = accepted(1001);
    accepts.add({ digests, issuedAt: 501, atMs: 1002, fresh: true });
    expect(found(accepts, cutoff, 1000, 1000, 1010)).toEqual([{ dimension: 'subject', ageMs: 1, leaked: false }]);
  });

  it('are not covered by a rule about another value', () => {
    expect(
      found(accepted(1001), { ...block, digest: digestOf({ ...session, value: 'other' }) }, 1000, 1000, 1010),
    ).toEqual([]);
  });

  it('are removed oldest first when the ring is full', () => {
    const accepts = new RecentAccepts({ boundMs: 5000, capacity: 2 });
    for (const atMs of [1001, 1002, 1003]) accepts.add({ digests, issuedAt: 500, atMs, fresh: true });
    expect(found(accepts, block, 1000, 1000, 1010).map(({ ageMs }) => ageMs)).toEqual([3, 2]);
  });
});
