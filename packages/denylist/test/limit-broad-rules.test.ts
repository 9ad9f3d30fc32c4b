import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { createPublisher } from '../src/create-publisher.ts';
import { broadDimensions } from '../src/limit-broad-rules.ts';

const issuer = 'https://issuer.example/';

async function given(broadRulesPerMinute?: number) {
  const clock = new FakeClock();
  const publisher = await createPublisher('memory:', {
    clock,
    ...(broadRulesPerMinute === undefined ? {} : { broadRulesPerMinute }),
  });
  const revokeTenant = (tenant: string) => publisher.revoke({ issuer, tenant, reason: 'admin' });
  return { clock, publisher, revokeTenant };
}

describe('a publisher', () => {
  it('lets the number a minute through, refuses the next by name, and goes on as the minute passes', async () => {
    const { clock, revokeTenant } = await given(2);
    await revokeTenant('a');
    await clock.advance(10_000);
    await revokeTenant('b');
    const refused = revokeTenant('c');
    await expect(refused).rejects.toMatchObject({ name: 'LogError', code: 'too_many_broad_rules', applied: false });
    await expect(refused).rejects.toThrow(/wait 50 s, or raise broadRulesPerMinute/);
    await clock.advance(49_999);
    await expect(revokeTenant('c')).rejects.toMatchObject({ code: 'too_many_broad_rules' });
    await clock.advance(1);
    await revokeTenant('c');
    await expect(revokeTenant('d')).rejects.toMatchObject({ code: 'too_many_broad_rules' });
  });

  it('has a limit of sixty unless told otherwise', async () => {
    const { revokeTenant } = await given();
    for (let index = 0; index < 60; index += 1) await revokeTenant(`tenant-${index}`);
    await expect(revokeTenant('one more')).rejects.toMatchObject({ code: 'too_many_broad_rules' });
  });

  it('counts issuers, clients, tenants and keys together', async () => {
    expect(broadDimensions).toEqual(['client', 'tenant', 'key', 'issuer']);
    const { publisher, revokeTenant } = await given(3);
    await publisher.revoke({ issuer, client: 'app', reason: 'admin' });
    await publisher.revoke({ issuer, key: 'kid-1', reason: 'key_compromise' });
    await revokeTenant('a');
    await expect(publisher.revoke({ issuer, client: 'other', reason: 'admin' })).rejects.toThrow(/nothing was revoked/);
  });

  it('never holds up narrow ones, or a lift', async () => {
    const { publisher, revokeTenant } = await given(1);
    await revokeTenant('a');
    for (let index = 0; index < 100; index += 1) {
      await publisher.revoke({ issuer, session: `session-${index}`, reason: 'logout' });
      await publisher.revoke({ issuer, subject: `subject-${index}`, reason: 'admin' });
    }
    await publisher.lift({ issuer, tenant: 'a' });
  });

  it('may be told to have no limit', async () => {
    const { revokeTenant } = await given(Number.POSITIVE_INFINITY);
    for (let index = 0; index < 200; index += 1) await revokeTenant(`tenant-${index}`);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses a limit of %s', async (perMinute) => {
    await expect(given(perMinute)).rejects.toMatchObject({ option: 'broadRulesPerMinute' });
  });
});
