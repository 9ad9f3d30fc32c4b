import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { createRequestCheck } from '../../src/listeners/check-request.ts';
import { type Credentials, openCredentials, type Right } from '../../src/listeners/credentials.ts';

const tokens: Readonly<Record<Right, string>> = {
  read: 'token-of-a-reader-0001',
  write: 'token-of-a-writer-0002',
  relay: 'token-of-a-relay-00003',
};
let folder: string;
const opened: Credentials[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-rights-'));
  for (const [right, token] of Object.entries(tokens)) writeFileSync(join(folder, right), token);
});
afterAll(() => {
  for (const credentials of opened) credentials.close();
  rmSync(folder, { recursive: true });
});

const open = (options: {
  readTokenFile?: Right;
  writeTokenFile?: Right;
  relayTokenFile?: Right;
  tokenFile?: Right;
}) => {
  const config = Object.fromEntries(Object.entries(options).map(([name, right]) => [name, join(folder, right)]));
  const credentials = openCredentials({ config, clock: new FakeClock(), onLost: () => {} });
  opened.push(credentials);
  return credentials;
};
const all = { readTokenFile: 'read', writeTokenFile: 'write', relayTokenFile: 'relay' } as const;

describe('the right of a request', () => {
  it.each([
    ['Bearer token-of-a-reader-0001', 'read'],
    ['bearer  token-of-a-writer-0002 ', 'write'],
    ['Bearer token-of-a-relay-00003', 'relay'],
    ['Bearer token-of-a-relay-0000', undefined],
    ['Bearer token-of-a-reader-0001 x', undefined],
    ['Basic token-of-a-reader-0001', undefined],
    ['token-of-a-reader-0001', undefined],
    ['Bearer', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('with Authorization %s is %s', (header, right) => {
    expect(open(all).rightOf(header)).toBe(right);
  });

  it('of the option of the last release is that of a writer', () => {
    expect(open({ tokenFile: 'write' }).rightOf(`Bearer ${tokens.write}`)).toBe('write');
  });
});

const routes = { read: 'GET /v1/snapshot', write: 'POST /v1/revocations', relay: 'POST /v1/seeds' } as const;
const answerTo = (route: string, token: Right | undefined, host: string, credentials: Credentials) => {
  const address = { kind: 'tcp' as const, host, port: 7471 };
  const check = createRequestCheck({ address, credentials, allowedHosts: [] });
  const [method, path = ''] = route.split(' ');
  const authorization = token && `Bearer ${tokens[token]}`;
  return check({ method, path, headers: { host: '127.0.0.1:7471', authorization } })?.status ?? 200;
};

describe('what each token may do', () => {
  // Rows: the token. Columns: reading, writing, restoring.
  it.each<[string, Right | undefined, string, number[]]>([
    ['on loopback', undefined, '127.0.0.1', [401, 401, 401]],
    ['on loopback', 'read', '127.0.0.1', [200, 403, 403]],
    ['on loopback', 'write', '127.0.0.1', [200, 200, 403]],
    ['on loopback', 'relay', '127.0.0.1', [200, 200, 200]],
    ['off loopback', undefined, '0.0.0.0', [401, 401, 401]],
    ['off loopback', 'read', '0.0.0.0', [200, 403, 403]],
    ['off loopback', 'write', '0.0.0.0', [200, 200, 403]],
    ['off loopback', 'relay', '0.0.0.0', [200, 200, 200]],
  ])('%s, with the token %s', (_where, token, host, expected) => {
    const credentials = open(all);
    const statuses = Object.values(routes).map((route) => answerTo(route, token, host, credentials));
    expect(statuses).toEqual(expected);
  });

  it.each<[string, string, number[]]>([
    ['on loopback only reading is open', '127.0.0.1', [200, 403, 403]],
    ['off loopback nothing is', '0.0.0.0', [401, 403, 403]],
  ])('without any file: %s', (_name, host, expected) => {
    const statuses = Object.values(routes).map((route) => answerTo(route, undefined, host, open({})));
    expect(statuses).toEqual(expected);
  });

  it('reading on loopback stays open when only a file for writers is set', () => {
    expect(answerTo(routes.read, undefined, '127.0.0.1', open({ writeTokenFile: 'write' }))).toBe(200);
  });
});
