import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSidecar } from '@revocast/sidecar';
import { until } from '@revocast/test-support';
import { attacks } from '../../src/attack/attacks/index.ts';
import { Channel } from '../../src/attack/load/channel.ts';
import { runRequests } from '../../src/attack/load/run-requests.ts';
import { runSockets } from '../../src/attack/load/run-sockets.ts';
import { clientMessage, joinFrame, reportFrame, upgradeText } from '../../src/attack/stream-bytes.ts';

const context = { ports: { api: 0, data: 0, admin: 0 }, issuer: '', audience: '', boundToken: '', tokens: [] };
let sidecar: Awaited<ReturnType<typeof startSidecar>>;
let port = 0;

beforeAll(async () => {
  const anyPort = '127.0.0.1:0';
  const silent = { drainMs: 0, logLevel: 'silent' } as const;
  sidecar = await startSidecar({ source: 'memory:', dataListen: anyPort, adminListen: anyPort, ...silent });
  port = Number(new URL(sidecar.dataUrl).port);
});
afterAll(() => sidecar.stop());

describe('a sidecar reads what the attacker sends', () => {
  it.each([true, false])('as reports of the last release (good: %s)', async (isGood) => {
    const attack = attacks.find(({ name }) => name === '64 KiB reports under new names');
    const text = (index: number) => (isGood ? attack?.good(context, index, 65_000) : attack?.bad(context, index)) ?? '';
    const { statuses, samples } = await runRequests({ port, perSecond: 1000, amount: 5, text });
    // A sidecar remembers a thousand replicas by name alone; two of these reports have as many.
    const expected = isGood ? { 204: 5 } : { 204: 2, 429: 3 };
    expect({ statuses, answered: samples.length }).toEqual({ statuses: expected, answered: 5 });
  });

  it('as a join and a report, which it answers', async () => {
    const row = { failOpen: true, maxStalenessMs: 60_000, label: 'x'.repeat(128) };
    const frames = [joinFrame({ relay: true, ...row }), reportFrame([{ id: 'ab'.repeat(8), ...row }], 7)];
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.concat([Buffer.from(upgradeText()), ...frames.map(clientMessage)]));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
    });
    // Version 1, kind 4 (`answer`), and the number of the report.
    await until(() => received.includes(Buffer.of(1, 4, 0, 0, 0, 7)), { what: 'the answer to the report' });
    socket.destroy();
  });
});

describe('the attacker', () => {
  it('counts an answer on each new connection', async () => {
    const text = () => 'GET /v1/fresh HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(await runSockets({ port, perSecond: 1000, amount: 3, text }, false)).toEqual({ 200: 3 });
  });

  it('counts a connection without an answer', async () => {
    const text = () => 'GET /v1/fresh HTTP/1.1\r\n';
    expect(await runSockets({ port, perSecond: 1000, amount: 3, text }, true)).toEqual({ 0: 3 });
  });

  it('opens a connection again that the server has closed', async () => {
    const channel = new Channel(port);
    const statuses: number[] = [];
    channel.onAnswer = (status) => statuses.push(status);
    for (const expected of [1, 2]) {
      await channel.send('GET /v1/fresh HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
      await until(() => statuses.length === expected, { what: 'an answer' });
    }
    channel.close();
    expect(statuses.at(0)).toBe(200);
  });
});
