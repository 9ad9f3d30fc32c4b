import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import { createResolver } from '../src/delivery/resolve.ts';
import type { Receiver, SourceInput } from '../src/index.ts';
import { postJson } from '../src/streams/http-client.ts';
import { sessionRevoked, startTransmitter, type Transmitter } from './transmitter.ts';
import { folder, metricsOf, type RecordedLog, recordedLog, secretIn, startReceiver } from './world.ts';

const cleanUps: (() => unknown)[] = [];
let transmitter: Transmitter;
let log: RecordedLog;
let directory: {
  url: string;
  answer: { status: number; body: string };
  asked: { body: unknown; headers: IncomingHttpHeaders }[];
};
beforeEach(async () => {
  transmitter = await startTransmitter();
  log = await recordedLog();
  directory = await startDirectory();
  cleanUps.push(
    () => log.close(),
    () => transmitter[Symbol.asyncDispose](),
  );
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startDirectory(): Promise<typeof directory> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    found.asked.push({ body: JSON.parse(text), headers: request.headers });
    response.writeHead(found.answer.status, { location: '/elsewhere' }).end(found.answer.body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/resolve`;
  const found: typeof directory = { url, answer: { status: 200, body: '{"subjects":["alice"]}' }, asked: [] };
  return found;
}

async function start(): Promise<Receiver> {
  const source = {
    name: 'idp',
    kind: 'ssf',
    delivery: 'push',
    issuer: transmitter.issuer,
    audience: ['https://receiver.example'],
    subjects: { url: directory.url, bearerFile: secretIn(folder(cleanUps), 'bearer', 'a-bearer\n') },
  } as SourceInput;
  const receiver = await startReceiver({ sources: [source] }, log);
  cleanUps.push(() => receiver.stop());
  return receiver;
}

const push = (receiver: Receiver, address = 'alice@example.com') =>
  transmitter.push(`${receiver.dataUrl}/idp`, {
    ...sessionRevoked('', transmitter.issuer, 1_800_000_000 - 200_000_000),
    sub_id: { format: 'email', email: address },
  });

describe('given an event that names a user by e-mail', () => {
  it('revokes for the subject that the directory finds, and tells it when it happened', async () => {
    const receiver = await start();
    expect((await push(receiver)).status).toBe(202);
    expect(log.written).toEqual(['revoke alice']);
    expect(directory.asked).toMatchObject([
      {
        body: { source: 'idp', identifier: { format: 'email', email: 'alice@example.com' }, event_time: 1_600_000_000 },
        headers: { authorization: 'Bearer a-bearer' },
      },
    ]);
  });

  it.each([
    ['404', { status: 404, body: '' }],
    ['an empty list', { status: 200, body: '{"subjects":[]}' }],
  ])('acknowledges and counts it when the directory answers %s', async (_what, answer) => {
    const receiver = await start();
    directory.answer = answer;
    expect((await push(receiver)).status).toBe(202);
    expect(log.written).toEqual([]);
    expect(await metricsOf(receiver)).toContain('type="session-revoked",result="unresolved"} 1');
  });

  it.each([
    ['an error', { status: 500, body: '' }],
    ['a redirect', { status: 302, body: '' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['something else than a list', { status: 200, body: '{"subjects":"alice"}' }],
    ['a list with something else', { status: 200, body: '{"subjects":["alice",7]}' }],
    ['too many', { status: 200, body: JSON.stringify({ subjects: Array.from({ length: 101 }, String) }) }],
    ['too much', { status: 200, body: `{"subjects":["${'a'.repeat(300_000)}"]}` }],
  ])('does not acknowledge it when the directory answers %s', async (_what, answer) => {
    const receiver = await start();
    directory.answer = answer;
    expect((await push(receiver)).status).toBe(503);
    expect(log.written).toEqual([]);
  });

  it('asks once within ten seconds', async () => {
    const receiver = await start();
    await push(receiver);
    await push(receiver);
    expect(directory.asked).toHaveLength(1);
  });
});

describe('given a directory that does not answer', () => {
  it('waits for three seconds, and keeps nothing', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const resolve = createResolver(
      () => {
        calls += 1;
        return new Promise(() => {});
      },
      { clock, post: postJson },
    );
    const question = { source: 'idp', identifier: { format: 'email', email: 'a@b.example' }, eventAtMs: 1 };
    for (const round of [1, 2]) {
      const asked = resolve(question);
      await clock.advance(3000);
      expect(await asked).toEqual({ outcome: 'unavailable' });
      expect(calls).toBe(round);
    }
  });
});
