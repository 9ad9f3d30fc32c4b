import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { type RunningSidecar, startSidecar } from '../../src/index.ts';

const token = 'token-of-a-reader-0001';
let folder: string;
let sidecar: RunningSidecar;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-upgrade-'));
  const readTokenFile = join(folder, 'read');
  writeFileSync(readTokenFile, token);
  sidecar = await startSidecar(
    { source: 'memory:', dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', readTokenFile, drainMs: 0 },
    { log: pino({ level: 'silent' }) },
  );
});
afterAll(async () => {
  await sidecar.stop();
  rmSync(folder, { recursive: true });
});

/** The status of the answer to a request for an upgrade. */
function upgrade(headers: OutgoingHttpHeaders, path = '/v1/stream'): Promise<number | undefined> {
  const asked = request(`${sidecar.dataUrl}${path}`, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'revocast.v1',
      authorization: `Bearer ${token}`,
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode);
    });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a request for an upgrade to a WebSocket', () => {
  it.each<[string, OutgoingHttpHeaders, number]>([
    ['of a reader is accepted', {}, 101],
    ['of a page whose own name resolves to this host (DNS rebinding) is refused', { host: 'evil.example' }, 421],
    ['of a script of another site is refused', { origin: 'https://evil.example' }, 403],
    ['of a sandboxed page is refused', { origin: 'null' }, 403],
    ['that another site embeds is refused', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'websocket' }, 403],
    ['without the token is refused', { authorization: '' }, 401],
    ['with a wrong token is refused', { authorization: 'Bearer another-token-00002' }, 401],
  ])('%s', async (_name, headers, status) => {
    expect(await upgrade(headers)).toBe(status);
  });

  it('for any other path is refused', async () => {
    expect(await upgrade({}, '/v1/snapshots')).toBe(404);
  });
});
