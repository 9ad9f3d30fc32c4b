import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock, until } from '@revocast/test-support';
import { mostOfOneSource, Quarantine, type Settled } from '../src/spool/quarantine.ts';
import { folder } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const message = (token: string, source = 'sso') => ({ source, token, receivedAtMs: 1 });

/** A full quarantine of one source, after an attempt to verify each message. */
async function openFull(outcomeOf: (token: string) => Settled) {
  const path = folder(cleanUps);
  for (let count = 0; count < mostOfOneSource; count += 1) {
    const name = `${String(count + 1).padStart(16, '0')}-0000000000000000.json`;
    writeFileSync(join(path, name), JSON.stringify({ version: 1, ...message(`${count}`) }));
  }
  const clock = new FakeClock();
  const tried: string[] = [];
  const displaced: string[] = [];
  const silent = () => undefined;
  const quarantine = await Quarantine.open(path, {
    clock,
    settle: async ({ token }) => {
      tried.push(token);
      return outcomeOf(token);
    },
    onDisplaced: (source) => void displaced.push(source),
    onLost: () => void displaced.push('lost'),
    log: { info: silent, warn: silent, error: silent },
  });
  cleanUps.push(() => quarantine.close());
  const tryAll = async () => {
    tried.splice(0);
    await clock.advance(1000);
    await until(() => tried.length === mostOfOneSource, { what: 'an attempt to verify each' });
  };
  expect(await quarantine.add(message('too early'))).toBe(false);
  await tryAll();
  return { quarantine, tried, tryAll, displaced, files: () => readdirSync(path).length };
}

describe('given a full quarantine', () => {
  it('drops the oldest message whose key a fresh key set did not have, for the next one', async () => {
    const { quarantine, tried, tryAll, displaced, files } = await openFull((token) =>
      Number(token) < 50 ? 'waits' : 'unknown_key',
    );
    expect(await quarantine.add(message('genuine'))).toBe(true);
    expect([quarantine.size, files(), displaced]).toEqual([mostOfOneSource, mostOfOneSource, ['sso']]);
    await tryAll();
    expect(tried.filter((token) => token === '50' || token === 'genuine')).toEqual(['genuine']);
    expect(tried).toContain('0');
  });

  it('drops none for many at the same time beyond those, and stays within its bound', async () => {
    const { quarantine, displaced, files } = await openFull((token) => (Number(token) < 97 ? 'waits' : 'unknown_key'));
    const added = await Promise.all(
      Array.from({ length: 10 }, (_, count) => quarantine.add(message(`later-${count}`))),
    );
    expect(added.filter(Boolean)).toHaveLength(3);
    expect([quarantine.size, files(), displaced]).toEqual([mostOfOneSource, mostOfOneSource, ['sso', 'sso', 'sso']]);
  });

  it('drops no message whose key could not be asked for', async () => {
    const { quarantine, displaced } = await openFull(() => 'waits');
    expect(await quarantine.add(message('another'))).toBe(false);
    expect(displaced).toEqual([]);
  });

  it('has places of their own for other sources, and drops none for them', async () => {
    const { quarantine, displaced } = await openFull(() => 'unknown_key');
    expect(await quarantine.add(message('of another source', 'okta'))).toBe(true);
    expect(displaced).toEqual([]);
  });
});
