import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createSigner } from '@revocast/test-support';
import { createVerifier } from '../src/index.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe('a verifier in a test with fake timers', () => {
  it('is ready, decides by the time of the test, and enforces a revocation', async () => {
    jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    const signer = await createSigner({ nowMs: () => Date.now() });
    const { issuer, jwks } = signer;
    const publisher = await createPublisher('memory:');
    const options = { issuer, jwks, audience: 'https://api.test', logger: null };
    const verifier = createVerifier({ ...options, revocation: { feed: publisher } });
    expect(await verifier.ready({ timeoutMs: 10_000 })).toBe(true);
    const tokens = await Promise.all([1, 2, 3].map((number) => signer.sign({ sid: `s-${number}` })));
    // Several at once, as they go to the second thread.
    const verify = () =>
      Promise.all(tokens.map((token) => verifier.verify({ headers: { authorization: `Bearer ${token}` } })));
    for (const decision of await verify()) expect(decision).toMatchObject({ outcome: 'accepted' });
    const revocation = await publisher.revoke({ issuer, session: 's-1', reason: 'logout' });
    expect(await revocation.enforcedEverywhere()).toMatchObject({ everywhere: true });
    expect(await verify()).toMatchObject([{ reason: 'revoked_session' }, { outcome: 'accepted' }, {}]);
    jest.setSystemTime(Date.UTC(2030, 0, 2));
    for (const decision of await verify())
      expect(['expired', 'revoked_session']).toContain(Reflect.get(decision, 'reason'));
    await verifier.close();
    await publisher.close();
  });
});
