import { describe, expect, it } from '@jest/globals';
import { decodeReplicas, encodeReplicas, ReplicasWriter } from '../../src/codec/replica-progress.ts';
import { mostReportedReplicas, type ReplicaProgress } from '../../src/log/reader.ts';

const replica: ReplicaProgress = {
  id: 'a1a2a3a4a5a6a7a8',
  label: 'api-7f9c/4711',
  cursor: '5-0',
  failOpen: false,
  maxStalenessMs: 5000,
  isServer: false,
  hasLookUp: true,
};

const written = (replicas: readonly ReplicaProgress[], writer = new ReplicasWriter()) =>
  writer.write('', () => replicas).toString('utf8');

describe('replicas in a line of the registry', () => {
  it('are read as they were written', () => {
    const server = { ...replica, label: undefined, cursor: undefined, isServer: true, hasLookUp: false };
    expect(decodeReplicas(JSON.parse(written([replica, server])))).toEqual([replica, server]);
  });

  it('follow their prefix, in memory that is written again', () => {
    const writer = new ReplicasWriter();
    const first = writer.write('e|ö|', () => [replica, replica]).toString('utf8');
    expect(first).toBe(`e|ö|${JSON.stringify(encodeReplicas([replica, replica]))}`);
    expect(writer.write('', () => []).toString('utf8')).toBe('[]');
    const long = Array.from({ length: 100 }, () => replica);
    expect(written(long, writer)).toBe(JSON.stringify(encodeReplicas(long)));
  });

  it('of the last release are of unknown kind', () => {
    expect(decodeReplicas([['old', '5-0', 1, 5000]])).toEqual([
      { id: 'old', cursor: '5-0', failOpen: true, maxStalenessMs: 5000, isServer: false, hasLookUp: undefined },
    ]);
    expect(encodeReplicas([{ id: 'old', failOpen: false, maxStalenessMs: 5000 }])).toEqual([['old', null, 0, 5000]]);
  });

  it.each([
    ['with a label', 'api-7f9c/4711', 'd1d2d3d4d5d6d7d8e1e2e3e4e5e6e7e8'],
    ['without a label', undefined, 'd1d2d3d4d5d6d7d8'],
    ['none', 'sidecar', ''],
  ])('state the issuers that they trust: %s', (_, label, issuers) => {
    const stated = { ...replica, label, issuers };
    expect(decodeReplicas(JSON.parse(written([stated])))).toEqual([stated]);
  });

  it.each([['any'], [undefined], ['d1d2'], [7]])('trust unknown issuers where the line has %j', (issuers) => {
    expect(decodeReplicas([['a', null, 0, 5000, 0, 'api', issuers]])?.[0]?.issuers ?? 'any').toBe('any');
  });

  it('take no room for issuers that are any or unknown', () => {
    expect(written([{ ...replica, issuers: 'any' }])).toBe(written([replica]));
  });

  it('cannot blind publishers with a replica that may be fresh for ever', () => {
    expect(decodeReplicas([['a', null, 0, 1e308]])).toMatchObject([{ maxStalenessMs: 60_000 }]);
  });

  it('have labels that are cut and free of control characters', () => {
    expect(decodeReplicas([['a', null, 0, 5000, 0, `\u001b[2J${'x'.repeat(200)}`]])).toMatchObject([
      { label: `?[2J${'x'.repeat(124)}` },
    ]);
  });

  it('are unknown where there are more than a reader reports', () => {
    const rows = (length: number) => Array.from({ length }, (_, index) => [String(index), null, 0, 5000]);
    expect(decodeReplicas(rows(mostReportedReplicas))).toHaveLength(mostReportedReplicas);
    expect(decodeReplicas(rows(mostReportedReplicas + 1))).toBeUndefined();
  });

  it('lose their labels where the line would be longer than a mebibyte', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({
      ...replica,
      id: String(index),
      label: 'é'.repeat(60),
    }));
    const text = written(many);
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(decodeReplicas(JSON.parse(text))?.at(-1)).toMatchObject({ id: '9999', label: undefined });
  });
});
