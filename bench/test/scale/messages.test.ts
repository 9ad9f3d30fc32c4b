import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import {
  systemClock as clock,
  openFeed,
  openReplica,
  openSource,
  systemRandom as random,
  randomHex,
} from '@revocast/denylist/replica';
import { createFeedServer } from '@revocast/denylist/server';
import { until } from '@revocast/test-support';
import { costsWith } from '../../src/scale/constants.ts';
import { type StreamMessage, startRecordingLink } from './stream-messages.ts';

const costs = costsWith();
const kinds = { changes: 2, heartbeat: 3, report: 67 };
const opcodes = { ping: 9, pong: 10 };
const stops: (() => unknown)[] = [];
let messages: StreamMessage[];

const bytesOf = (what: Partial<StreamMessage>) =>
  messages.findLast((message) => Object.entries(what).every(([name, value]) => Reflect.get(message, name) === value))
    ?.bytes;

/** A feed server over an embedded log, one real reader, and one revocation. */
beforeAll(async () => {
  const source = await openSource('memory:', { clock, random, newEpoch: () => randomHex(8) });
  const replica = openReplica({ feed: source.feed, clock, random });
  await replica.ready({ timeoutMs: 10_000 });
  const feedServer = createFeedServer({ replica, clock, log: source.log });
  const server: Server = createServer((request, response) => {
    if (!feedServer.handle(request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, socket, head) => feedServer.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const link = await startRecordingLink(port);
  messages = link.messages;
  const reader = openReplica({
    feed: await openFeed(`http://127.0.0.1:${link.port}`, { clock, random }),
    ...{ clock, random },
  });
  stops.push(
    () => reader.close(),
    () => feedServer.close(),
    () => server.closeAllConnections(),
  );
  stops.push(
    () => server.close(),
    () => link.server.close(),
    () => replica.close(),
    () => source.close(),
  );
  await reader.ready({ timeoutMs: 10_000 });
  const publisher = await createPublisher(`http://127.0.0.1:${port}`);
  stops.unshift(() => publisher.close());
  await publisher.revoke({ issuer: 'https://login.example.com/', session: 'one', reason: 'logout' });
  const expected = [...Object.values(kinds).map((kind) => ({ kind, opcode: 2 })), { opcode: opcodes.pong }];
  await until(() => expected.every((what) => bytesOf(what) !== undefined), {
    timeoutMs: 20_000,
    what: 'one message of each kind',
  });
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

describe('the size of the messages of a real stream is that of the model, within a tenth', () => {
  const close = (measured: number | undefined, constant: number) => {
    expect(measured).toBeGreaterThan(constant * 0.9);
    expect(measured).toBeLessThan(constant * 1.1);
  };

  it('a revocation', () => close(bytesOf({ opcode: 2, kind: kinds.changes }), costs.ruleFrameBytes));
  it('a proof', () => close(bytesOf({ opcode: 2, kind: kinds.heartbeat }), costs.proofFrameBytes));
  it('a ping and a pong', () => {
    close(bytesOf({ opcode: opcodes.ping }), costs.pingBytes);
    close(bytesOf({ opcode: opcodes.pong }), costs.pongBytes);
  });
  it('a report', () => close(bytesOf({ opcode: 2, kind: kinds.report }), costs.reportBytes));
});
