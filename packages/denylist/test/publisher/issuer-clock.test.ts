import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import fc from 'fast-check';
import { decodeAppendRequest, encodeAppendRequest } from '../../src/codec/append-request.ts';
import { EmbeddedLog } from '../../src/embedded/memory/embedded-log.ts';
import type { Publisher } from '../../src/index.ts';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import { IssuerClock } from '../../src/publisher/issuer-clock.ts';
import { createPublisherOver } from '../../src/publisher/publisher.ts';
import { openReplica } from '../../src/replication/open-replica.ts';
import { digestOf, digestSetOf } from '../../src/rules/digest.ts';
import { fingerprintOf } from '../../src/rules/statement.ts';

const issuer = 'https://login.example.com/';
const subject = { issuer, subject: 'alice', reason: 'password_change' } as const;
const value = { dimension: 'subject', issuer, value: 'alice' } as const;

/** An authorization server whose clock differs from the log's. */
async function given({ issuerAheadMs = 0, spreadSeconds = 0 } = {}) {
  const clock = new FakeClock();
  const own = new FakeClock();
  own.jumpWall(issuerAheadMs);
  const { log, feed } = new EmbeddedLog({ clock, epoch: 'e'.repeat(16) });
  const issuerClock = new IssuerClock(own, spreadSeconds);
  const publisher: Publisher = createPublisherOver({ log, feed, clock: own, issuerClock, newId: () => 'id-1' });
  const replica = openReplica({ feed, clock, random: Math.random });
  const iatNow = () => Math.floor(own.wallMs() / 1000);
  const accepts = async (iat: number) => {
    await clock.advance(10);
    return replica.check(digestSetOf([value]), iat).verdict === 'active';
  };
  await clock.advance(10);
  return { clock, own, publisher, iatNow, accepts };
}

describe('a cutoff by the clock of the issuer', () => {
  it.each([
    ['right', 0],
    ['4 s ahead', 4000],
    ['an hour behind', -3_600_000],
  ])(
    'denies the token before it, and not the login in the next second, with a clock that is %s',
    async (_, aheadMs) => {
      const { publisher, iatNow, accepts } = await given({ issuerAheadMs: aheadMs });
      const iat = iatNow();
      await publisher.revoke(subject);
      expect({ before: await accepts(iat), next: await accepts(iat + 1) }).toEqual({ before: false, next: true });
    },
  );

  it('includes a token of another node that is ahead by the declared spread', async () => {
    const { publisher, iatNow, accepts } = await given({ spreadSeconds: 3 });
    const iat = iatNow();
    await publisher.revoke(subject);
    expect({ other: await accepts(iat + 3), later: await accepts(iat + 4) }).toEqual({ other: false, later: true });
  });

  it('includes a token that was stamped before the clock was set back', async () => {
    const { publisher, own, iatNow, accepts } = await given();
    const iat = iatNow();
    publisher.tokenIssued(iat);
    own.jumpWall(-30_000);
    await publisher.revoke(subject);
    expect(await accepts(iat)).toBe(false);
  });

  it('is refused by name when that clock is more than 60 s ahead of the log', async () => {
    const { publisher } = await given({ issuerAheadMs: 62_000 });
    const refused: unknown = await publisher.revoke(subject).catch((error) => error);
    expect(refused).toMatchObject({ code: 'clock_disagreement', applied: false });
    expect(String(refused)).toContain("the issuer's clock");
  });

  it('is the same statement when it is retried a second later', async () => {
    const { publisher, own } = await given();
    await publisher.revoke(subject, { id: 'once' });
    own.jumpWall(1000);
    await expect(publisher.revoke(subject, { id: 'once' })).resolves.toMatchObject({ id: 'once' });
  });

  it('leaves a cutoff that the caller states, and every denial', () => {
    const clock = new IssuerClock(new FakeClock(), 1);
    const stated = { kind: 'cutoff', issuedUpTo: 5 } as const;
    expect(clock.state(stated)).toBe(stated);
    const denial = { kind: 'deny', until: 'longest-token' } as const;
    expect(clock.state(denial)).toBe(denial);
  });

  it('never falls behind a token that was stamped', () => {
    const iats = fc.array(fc.integer({ min: 1, max: 2 ** 32 - 1 }), { minLength: 1 });
    fc.assert(
      fc.property(iats, fc.integer({ min: 0, max: 60 }), (stamped, spread) => {
        const own = new FakeClock();
        const clock = new IssuerClock(own, spread);
        for (const iat of stamped) clock.stamped(iat);
        const statement = clock.state({ kind: 'cutoff', issuedUpTo: 'now' });
        const expected = Math.max(...stamped, Math.floor(own.wallMs() / 1000)) + spread;
        expect(statement).toEqual({ kind: 'cutoff', issuedUpTo: expected, clock: 'issuer' });
      }),
    );
  });

  it('is a cutoff at that number for a sidecar of the last release, which ignores whose clock it is', () => {
    const digest = digestOf(value);
    const statement = { kind: 'cutoff', issuedUpTo: 7, clock: 'issuer' } as const;
    const sent = encodeAppendRequest({ digest, statement, details: { id: 'i', kind: 'revoke' } });
    expect(JSON.parse(sent)).toMatchObject({ v: 1, statement: { kind: 'cutoff', issuedUpTo: 7 } });
    expect(decodeAppendRequest(sent)).toMatchObject({ statement });
    expect(fingerprintOf(digest, statement)).toBe(fingerprintOf(digest, { ...statement, issuedUpTo: 8 }));
    expect(fingerprintOf(digest, statement)).not.toBe(fingerprintOf(digest, { kind: 'cutoff', issuedUpTo: 'now' }));
  });
});

describe('the options of an issuer', () => {
  it.each([
    [{ clock: 'issuer', issuerSpreadSeconds: 61 } as const, 'issuerSpreadSeconds'],
    [{ issuerSpreadSeconds: 0 }, "without clock: 'issuer'"],
  ])('are checked: %p', async (options, message) => {
    await expect(createPublisher('memory:', options)).rejects.toThrow(message);
  });

  it('refuses milliseconds as iat', async () => {
    const publisher = await createPublisher('memory:', { clock: 'issuer' });
    expect(() => publisher.tokenIssued(Date.now())).toThrow('expected claim seconds');
    await publisher.close();
  });
});
