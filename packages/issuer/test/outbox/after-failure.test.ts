import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, LogError, logErrorCodes } from '@revocast/denylist';
import { afterFailure } from '../../src/outbox/after-failure.ts';
import type { OutboxRow } from '../../src/outbox/outbox-store.ts';

const nowMs = 1_800_000_000_000;
const issuer = 'https://login.example.com/';
const revocation = { issuer, subject: 's', reason: 'logout' } as const;

function rowOf(attempts = 0, ageMs = 0, loggedAtMs?: number): OutboxRow {
  const times = {
    occurredAtMs: nowMs - ageMs,
    reportedAtMs: nowMs - ageMs,
    frozenAtMs: nowMs - ageMs,
    loggedAtMs,
    nowMs,
  };
  return { id: 'a', target: '00', statement: { kind: 'deny', revocation }, attempts, ...times };
}

const after = (error: unknown, row = rowOf(), random = 0) =>
  afterFailure(error, { row, revocation, random, logNowMs: nowMs });
const logError = (code: (typeof logErrorCodes)[number]) => new LogError(code, 'as the test wants');

describe('after a failed attempt', () => {
  it.each([
    ['not_durable', { retryInMs: 200, isLogged: true, error: 'not_durable' }],
    ['outcome_unknown', { retryInMs: 200, isLogged: false, error: 'outcome_unknown' }],
    ['unavailable', { retryInMs: 200, isLogged: false, error: 'unavailable' }],
    ['refused', { outcome: 'refused' }],
    ['id_conflict', { outcome: 'logged' }],
    ['clock_disagreement', { retryInMs: 200, isLogged: false, error: 'clock_disagreement' }],
    ['wrong_log', { retryInMs: 200, isLogged: false, error: 'wrong_log' }],
    ['too_many_broad_rules', { retryInMs: 200, isLogged: false, error: 'too_many_broad_rules' }],
  ] as const)('%s: %j', (code, result) => {
    expect(after(logError(code))).toEqual(result);
  });

  it('has a rule for every code of the log', () => {
    for (const code of logErrorCodes) expect(Object.keys(after(logError(code))).length).toBeGreaterThan(0);
  });

  it('is refused when the publisher refuses the revocation itself, and tried again for an unknown error', () => {
    expect(after(new ConfigurationError('reason', 'wrong'))).toEqual({ outcome: 'refused' });
    expect(after(new Error('alice'))).toEqual({ retryInMs: 200, isLogged: false, error: 'unexpected' });
  });

  it.each([
    ['first', 0, 0, 200],
    ['second', 1, 0, 400],
    ['eighth', 7, 0, 25_600],
    ['ninth', 8, 0, 30_000],
    ['thousandth', 999, 0, 30_000],
    ['first, with jitter', 0, 0.999, 249.95],
  ])('is tried again after the %s attempt', (_name, attempts, random, retryInMs) => {
    expect(after(logError('unavailable'), rowOf(attempts), random)).toMatchObject({ retryInMs });
  });

  it.each([
    ['below', 300_000 - 1, { isLogged: true }],
    ['at', 300_000, { isLogged: true }],
    ['above', 300_001, { outcome: 'not_durable' }],
  ])('is confirmed again %s five minutes after it was first written', (_name, ageMs, result) => {
    expect(after(logError('not_durable'), rowOf(3, 3_600_000, nowMs - ageMs))).toMatchObject(result);
  });

  it('is confirmed again after its first write, however long the log was down before', () => {
    expect(after(logError('not_durable'), rowOf(3, 3_600_000))).toMatchObject({ isLogged: true });
  });

  it.each([
    ['below', 59, 'refused'],
    ['at', 60, 'refused'],
    ['above', 61, undefined],
  ])('a cutoff %s a minute ahead of the log', (_name, aheadSeconds, outcome) => {
    const issuedUpTo = nowMs / 1000 + aheadSeconds;
    const failure = { row: rowOf(), revocation: { ...revocation, issuedUpTo }, random: 0, logNowMs: nowMs };
    const result = afterFailure(logError('refused'), failure);
    expect('outcome' in result ? result.outcome : undefined).toBe(outcome);
  });
});
