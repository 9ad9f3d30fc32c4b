import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock, until } from '@revocast/test-support';
import { BodyBudget } from '../src/listeners/body-budget.ts';
import type { AnswerReport } from '../src/listeners/count-answers.ts';
import { createRoutes, type Route } from '../src/listeners/routes.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A server with the route `/a`, a fake clock, and what its answers were counted as. */
async function serve(changes: Partial<Route> = {}) {
  const clock = new FakeClock();
  const counted: string[] = [];
  const report: AnswerReport = {
    unread: (answer) => counted.push(answer.outcome === 'refused' ? answer.reason : answer.outcome),
    aborted: () => counted.push('aborted'),
    sent: ({ outcome }) => counted.push(`sent ${outcome}`),
  };
  const route: Route = {
    maxBytes: 65_536,
    form: 'error',
    doneStatus: 200,
    post: async () => ({ outcome: 'done' }),
    report,
    ...changes,
  };
  const server = createServer(createRoutes(new Map([['a', route]]), clock)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  let requests = 0;
  server.on('request', () => {
    requests += 1;
  });
  return {
    clock,
    counted,
    post: (body: string) => fetch(`http://127.0.0.1:${port}/a`, { method: 'POST', body }),
    /** Sends the head of a request, and a part of its body. */
    async begin(part: string, length = 60_000) {
      const before = requests;
      const socket = connect(port, '127.0.0.1');
      cleanUps.push(() => socket.destroy());
      const answer = { text: '' };
      socket.on('data', (bytes) => {
        answer.text += String(bytes);
      });
      socket.on('error', () => undefined);
      socket.write(`POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${part}`);
      await until(() => requests > before, { what: 'the request to arrive' });
      return { socket, answer };
    },
  };
}

describe('a body that does not arrive', () => {
  it('is answered 408 after some seconds, and counted; the connection is closed', async () => {
    const { clock, counted, begin } = await serve();
    const { socket, answer } = await begin('a');
    await clock.advance(2400);
    expect(answer.text).toBe('');
    await clock.advance(200);
    await once(socket, 'close');
    expect(answer.text).toMatch(/^HTTP\/1.1 408 /);
    expect(counted).toEqual(['too_slow', 'sent refused']);
  });

  it('takes no place from complete messages, however many there are', async () => {
    const { begin, post } = await serve();
    for (let count = 0; count < 300; count += 1) await begin('a');
    expect((await post('a')).status).toBe(200);
  });

  it('is not answered when its sender has gone, and counted', async () => {
    const { counted, begin, post } = await serve();
    const { socket } = await begin('a');
    socket.destroy();
    await once(socket, 'close');
    expect((await post('a')).status).toBe(200);
    expect(counted).toEqual(['aborted', 'sent done']);
  });
});

describe('a message that is not read', () => {
  it('is counted when it is too large', async () => {
    const { counted, post } = await serve({ maxBytes: 10 });
    expect((await post('more than ten bytes')).status).toBe(400);
    expect(counted).toEqual(['too_large', 'sent refused']);
  });

  it('is counted by the fault of its credential, whatever is answered', async () => {
    const refused = { outcome: 'refused', reason: 'bad_credential' } as const;
    const { counted, post } = await serve({ authenticate: async () => refused });
    expect((await post('a')).status).toBe(401);
    expect(counted).toEqual(['bad_credential', 'sent refused']);
  });
});

describe('the budget of all bodies', () => {
  it('takes more than 8 KiB of a body from it, and gives it back', () => {
    const budget = new BodyBudget(1000);
    const one = budget.open();
    const other = budget.open();
    expect([one.grow(8192), one.grow(9000), one.grow(9192)]).toEqual([true, true, true]);
    expect([other.grow(8192), other.grow(8193)]).toEqual([true, false]);
    one.release();
    expect(other.grow(9192)).toBe(true);
  });

  it('answers 429 to a large body beyond it, and 200 to one of the usual size', async () => {
    const { counted, begin, post } = await serve({ maxBytes: 20_000_000 });
    const large = 'a'.repeat(17_000_000);
    const first = await begin(large, 20_000_000);
    await until(() => first.socket.writableLength === 0, { what: 'the first body to be sent' });
    expect((await post(large)).status).toBe(429);
    expect((await post('a'.repeat(8000))).status).toBe(200);
    expect(counted).toEqual(['unavailable', 'sent unavailable', 'sent done']);
  });
});
