import { expect, it, jest } from '@jest/globals';
import { createPublisher } from '../../src/index.ts';
import { IssuerWarning } from '../../src/publisher/issuer-warning.ts';
import { openReplica, systemClock, systemRandom } from '../../src/replica.ts';
import { trustedIssuers } from '../../src/rules/trusted-issuers.ts';

function openWarning() {
  const warnings: string[] = [];
  return { warnings, warning: new IssuerWarning('the log', (warning) => warnings.push(warning)) };
}

it('warns once for each issuer, and again when it was trusted in between', () => {
  const { warnings, warning } = openWarning();
  for (const trust of ['unknown', 'none', 'none', 'unknown', 'none', 'some', 'none'] as const) warning.note('a', trust);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain('no process that follows the log trusts the issuer of this revocation');
});

it('warns of at most 16 issuers, and of none for a lift by id', () => {
  const { warnings, warning } = openWarning();
  for (let count = 0; count < 40; count++) warning.note(`issuer-${count}`, 'none');
  expect(warnings).toHaveLength(16);
  const { warnings: ofLift, warning: lift } = openWarning();
  lift.note(undefined, 'none');
  expect(ofLift).toEqual([]);
});

it.each(['enforcedEverywhere', 'issuerTrustedBy'] as const)('is a warning of the process after %s', async (ask) => {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const publisher = await createPublisher('memory:', { clock: 'issuer' });
  const issuers = () => trustedIssuers(['https://login.example.com/']);
  const replica = openReplica({ feed: publisher.feed, clock: systemClock, random: systemRandom, issuers });
  try {
    expect(await replica.ready({ timeoutMs: 20_000 })).toBe(true);
    for (const issuer of ['https://login.example.com/', 'https://login.example.com', 'https://login.example.com']) {
      const published = await publisher.revoke({ issuer, session: 's1', reason: 'logout' });
      const answer = await published.enforcedEverywhere({ timeoutMs: 20_000 });
      // Every process has applied it, although it changes nothing for them.
      expect(answer).toMatchObject({ everywhere: true, issuerTrustedBy: issuer.endsWith('/') ? 'some' : 'none' });
      await published[ask]();
    }
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringMatching(/^no process that follows .* trusts the issuer of this revocation.*slash at its end$/),
        { type: 'RevocastWarning', code: 'REVOCAST_UNTRUSTED_ISSUER' },
      ],
    ]);
  } finally {
    await replica.close();
    await publisher.close();
    emitWarning.mockRestore();
  }
});
