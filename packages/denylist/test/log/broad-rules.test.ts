import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { broadDimensions, broadLimitOf, broadWindowMs, countBroadRule } from '../../src/log/broad-rules.ts';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import { dimensions } from '../../src/rules/revocation.ts';
import { emptyRule } from '../../src/rules/rule.ts';
import type { Statement } from '../../src/rules/statement.ts';

const issuer = 'https://issuer.example/';
const block: Statement = { kind: 'deny', until: 5 };
const digest = Uint32Array.of(1, 2, 3, 4);

async function given(broadRulesPerMinute?: number) {
  const clock = new FakeClock();
  const publisher = await createPublisher('memory:', {
    clock,
    broadRulesPerMinute,
  });
  const revokeTenant = (tenant: string) => publisher.revoke({ issuer, tenant, reason: 'admin' });
  return { clock, publisher, revokeTenant };
}

describe('a limit of broad revocations', () => {
  it('is for issuers, clients, tenants and keys, and for no other dimension', () => {
    const limited = dimensions.filter(
      (dimension) =>
        broadLimitOf({ digest, statement: block, details: { id: 'e', kind: 'revoke', dimension } }) !== undefined,
    );
    expect(limited.sort()).toEqual([...broadDimensions].sort());
  });

  it.each<[string, Statement, number | undefined]>([
    ['a denial', block, 60],
    ['a cutoff', { kind: 'cutoff', issuedUpTo: 'now' }, 60],
    ['a lift', { kind: 'lift' }, undefined],
    ['a re-seed', { kind: 'seed', rule: emptyRule }, undefined],
  ])('of %s', (_, statement, limit) => {
    const details = { id: 'e', kind: 'revoke', dimension: 'tenant' } as const;
    expect(broadLimitOf({ digest, statement, details })).toBe(limit);
  });

  it('is what the publisher says, and none where it says Infinity', () => {
    const request = { digest, statement: block, details: { id: 'e', kind: 'revoke', dimension: 'key' } } as const;
    expect(broadLimitOf({ ...request, broadRulesPerMinute: 7 })).toBe(7);
    expect(broadLimitOf({ ...request, broadRulesPerMinute: Number.POSITIVE_INFINITY })).toBeUndefined();
  });
});

describe('a window', () => {
  it.each([
    ['below the limit', 1, { fromMs: 1000, count: 2 }],
    ['at the limit', 2, 59_500],
    ['above it, by another publisher', 5, 59_500],
  ])('that holds %s', (_, count, expected) => {
    expect(countBroadRule({ fromMs: 1000, count }, 2, 1500)).toEqual(expected);
  });

  it.each([
    ['just before its end', 1000 + broadWindowMs - 1, 1],
    ['at its end', 1000 + broadWindowMs, { fromMs: 1000 + broadWindowMs, count: 1 }],
    ['before it began, because the clock was set back', 999, { fromMs: 999, count: 1 }],
  ])('%s', (_, nowMs, expected) => {
    expect(countBroadRule({ fromMs: 1000, count: 2 }, 2, nowMs)).toEqual(expected);
  });
});

describe('a publisher', () => {
  it('lets the number a minute through, refuses the next by name, and goes on when the minute is over', async () => {
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
    await revokeTenant('d');
    await expect(revokeTenant('e')).rejects.toMatchObject({ code: 'too_many_broad_rules' });
  });

  it('has a limit of sixty unless told otherwise', async () => {
    const { revokeTenant } = await given();
    for (let index = 0; index < 60; index += 1) await revokeTenant(`tenant-${index}`);
    await expect(revokeTenant('one more')).rejects.toMatchObject({ code: 'too_many_broad_rules' });
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

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('refuses a limit of %s', async (perMinute) => {
    await expect(given(perMinute)).rejects.toMatchObject({ option: 'broadRulesPerMinute' });
  });
});
