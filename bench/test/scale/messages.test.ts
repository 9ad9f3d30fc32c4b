import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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

const costs = costsWith();
const frames: string[] = [];
const reports: { readonly socket: Socket; readonly read: number; readonly written: number }[] = [];
const stops: (() => unknown)[] = [];

/** As a chunk of the response: its length in hex, and two line ends. */
const onTheWire = (frame = '') => frame.length + frame.length.toString(16).length + 4;
const frameOf = (event: string) =>
  frames.findLast((frame) => frame.includes(`event: ${event}`) && frame.split('\n\n').length === 2);

/** A sidecar's feed over an embedded log, one real reader of it, and one revocation. */
beforeAll(async () => {
  const source = await openSource('memory:', { clock, random, newEpoch: () => randomHex(8) });
  const replica = openReplica({ feed: source.feed, clock, random });
  await replica.ready({ timeoutMs: 10_000 });
  const feedServer = createFeedServer({ replica, clock, log: source.log });
  const server: Server = createServer((request, response) => {
    if (request.url === '/v1/acks') {
      const { socket } = request;
      reports.push({ socket, read: socket.bytesRead, written: socket.bytesWritten });
    }
    if (request.url === '/v1/events') {
      const write = response.write.bind(response);
      response.write = (chunk: unknown) => {
        frames.push(String(chunk));
        return write(chunk);
      };
    }
    if (!feedServer.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const url = `http://127.0.0.1:${port}`;
  const reader = openReplica({ feed: await openFeed(url, { clock, random }), clock, random });
  stops.push(
    () => reader.close(),
    () => feedServer.close(),
    () => server.closeAllConnections(),
  );
  stops.push(
    () => server.close(),
    () => replica.close(),
    () => source.close(),
  );
  await reader.ready({ timeoutMs: 10_000 });
  const publisher = await createPublisher(url);
  stops.unshift(() => publisher.close());
  await publisher.revoke({ issuer: 'https://login.example.com/', session: 'one', reason: 'logout' });
  const all = () => reports.length >= 3 && ['rule', 'proof'].every((event) => frameOf(event) !== undefined);
  await until(() => all() && frames.includes(': quiet\n\n'), { timeoutMs: 20_000, what: 'one message of each kind' });
});

afterAll(async () => {
  for (const stop of stops) await stop();
});

describe('the messages of a real feed are as large as the model takes them to be, within a tenth', () => {
  const close = (measured: number, constant: number) => {
    expect(measured).toBeGreaterThan(constant * 0.9);
    expect(measured).toBeLessThan(constant * 1.1);
  };

  it('a revocation', () => close(onTheWire(frameOf('rule')), costs.ruleFrameBytes));
  it('a proof', () => {
    // Where the system names no boot, 36 bytes are missing.
    const bootId = frameOf('proof')?.split('|')[2] ?? '';
    close(onTheWire(frameOf('proof')) + (bootId === '' ? 36 : 0), costs.proofFrameBytes);
  });
  it('nothing', () => close(onTheWire(frames.find((frame) => frame === ': quiet\n\n')), costs.quietFrameBytes));
  // The socket is kept: what lies between two requests on it is one report and one answer.
  it('a report', () => {
    const [one, next] = reports.slice(-2);
    expect(next?.socket).toBe(one?.socket);
    close((next?.read ?? 0) - (one?.read ?? 0), costs.reportBytes);
  });
  it('the answer to a report', () => {
    const [one, next] = reports.slice(-2);
    close((next?.written ?? 0) - (one?.written ?? 0), costs.reportAnswerBytes);
  });
});
