import { describe, expect, it } from '@jest/globals';
import type { Source } from '../src/config/source-list.ts';
import type { Delivered } from '../src/delivery/delivery-result.ts';
import { settleToken } from '../src/delivery/settle-token.ts';
import type { SignalKeys } from '../src/signals/index.ts';
import type { SignalCounter } from '../src/telemetry/count-signals.ts';
import {
  audience,
  issuer,
  keySet,
  logoutEvent,
  logoutHeader,
  now,
  nowMs,
  profile,
  signed,
} from './signals/messages.ts';

const minute = 60_000;
const claims = { iss: issuer, aud: audience, jti: 'l-1', iat: now, sub: 'alice', events: { [logoutEvent]: {} } };
const keysDown: SignalKeys = { findKey: () => ({ outcome: 'unavailable', reason: 'jwks_unavailable' }) };

/** @returns what became of the token, and what was counted. */
async function settle(
  ageMs: number,
  { keys = keySet() as SignalKeys, kid = 'ec', source = 'sso', delivered = { outcome: 'done' } as Delivered } = {},
) {
  const counted: string[] = [];
  const count = (what: string) => (_source: unknown, reason?: unknown) =>
    void counted.push([what, reason].flat().join(' '));
  const counter = {
    received: () => counted.push('received'),
    refused: count('refused'),
    lost: () => counted.push('lost'),
    unverified: count('unverified'),
  } as unknown as SignalCounter;
  const running = {
    source: { name: 'sso', kind: 'backchannel-logout' } as Source,
    context: (at: number) => ({ source: profile({ name: 'sso' }), keys, nowMs: at }),
  };
  const ports = { deliver: async () => delivered, counter, nowMs: () => nowMs + ageMs };
  const token = signed({ ...logoutHeader, kid }, claims);
  const settled = await settleToken({ source, token, receivedAtMs: nowMs }, new Map([['sso', running]]), ports);
  return [settled, ...counted];
}

describe('a token of the quarantine', () => {
  it('is delivered when its key is there, by the time of its receipt', async () => {
    expect(await settle(600 * minute)).toEqual(['settled', 'received']);
  });

  it('waits for a key that is not published yet for ten minutes, and is then refused', async () => {
    expect(await settle(10 * minute, { kid: 'next' })).toEqual(['unknown_key']);
    expect(await settle(10 * minute + 1, { kid: 'next' })).toEqual(['settled', 'refused unusable_key']);
  });

  it('waits for a day while the keys cannot be fetched, and is not counted as lost then: it may be of a stranger', async () => {
    expect(await settle(1440 * minute, { keys: keysDown })).toEqual(['waits']);
    expect(await settle(1440 * minute + 1, { keys: keysDown })).toEqual(['settled', 'unverified keys_unavailable']);
  });

  it('waits while neither the log nor the spool takes it, and is not counted as lost', async () => {
    const delivered: Delivered = { outcome: 'unavailable', retryAfterMs: 1000, isOwn: false };
    expect(await settle(0, { delivered })).toEqual(['waits', 'received']);
  });

  it('is dropped when the configuration has no such source any longer', async () => {
    expect(await settle(0, { source: 'gone' })).toEqual(['settled']);
  });
});
