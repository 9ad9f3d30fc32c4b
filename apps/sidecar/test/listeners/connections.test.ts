import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { until } from '@revocast/test-support/until';
import { listen } from '../../src/listeners/listen.ts';

const stalledMs = 10_000;
const maxConnections = 3;
/** More than the buffers of the system hold for a client that reads nothing. */
const muchBytes = 64 * 1024 * 1024;

const cleanUps: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** `/wait` is never answered; `/much` is answered with more than a client takes that does not read. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.url === '/wait') return;
  response.end(request.url === '/much' ? Buffer.alloc(muchBytes) : 'done');
}

async function serve() {
  const clock = new FakeClock();
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  const handled: ServerResponse[] = [];
  const request = (received: IncomingMessage, response: ServerResponse) => {
    handled.push(response);
    answer(received, response);
  };
  const { url, close } = await listen({ request }, { clock, maxConnections, address, option: 'dataListen' });
  cleanUps.push(close);
  const open = async (text: string): Promise<Socket> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    cleanUps.push(() => void socket.destroy());
    await once(socket, 'connect');
    const before = handled.length;
    socket.write(text);
    if (text.includes('\r\n\r\n')) await until(() => handled.length > before, { what: `the request ${text}` });
    return socket;
  };
  const closes = (socket: Socket) => {
    socket.resume();
    return until(() => socket.destroyed, { what: 'the end of the connection' });
  };
  return { url, clock, handled, open, closes };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const unfinishedBody = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc';

describe('a listener without connections', () => {
  it('starts no timer, and stops the one that it had', async () => {
    const { clock, open, closes } = await serve();
    expect(clock.sleeping).toBe(0);
    const socket = await open(get('/done'));
    expect(clock.sleeping).toBe(1);
    socket.end();
    await closes(socket);
    await until(
      async () => {
        await clock.advance(1000);
        return clock.sleeping === 0;
      },
      { what: 'the end of the timer' },
    );
    await open(get('/done'));
    expect(clock.sleeping).toBe(1);
  });
});

describe('an answer whose client takes nothing', () => {
  it('is cut after ten seconds, and one whose client reads is not', async () => {
    const { clock, handled, open } = await serve();
    await open(get('/much'));
    const reading = await open(get('/wait'));
    await until(() => handled[0]!.socket!.writableLength > 0, { what: 'waiting bytes' });
    await clock.advance(stalledMs - 1);
    const early = handled[0]!.destroyed;
    await clock.advance(1);
    expect({ early, late: handled[0]!.destroyed, other: handled[1]!.destroyed }).toEqual({
      early: false,
      late: true,
      other: false,
    });
    handled[1]!.end('late');
    expect(String((await once(reading, 'data'))[0])).toContain('late');
  });
});

describe('a listener with all of its connections', () => {
  it.each([
    ['an unfinished head', 'GET / HTTP/1.1\r\n'],
    ['nothing', ''],
    ['an unfinished body', unfinishedBody],
    ['a finished request and no next one', get('/')],
    ['no reading of its answer', get('/much')],
  ])('cuts a connection with %s for a new one', async (_name, text) => {
    const { url, open, closes, handled } = await serve();
    await open(get('/wait'));
    const idle = await open(text);
    await open(get('/wait'));
    if (text === get('/')) await until(() => handled[1]!.closed, { what: 'the end of the answer' });
    expect(await (await fetch(url)).text()).toBe('done');
    await closes(idle);
    expect(handled.filter(({ destroyed, req }) => req.url === '/wait' && destroyed)).toEqual([]);
  });

  it('cuts the one first that has waited longest', async () => {
    const { url, open, closes } = await serve();
    const [first, second] = [await open(''), await open('')];
    await open(get('/wait'));
    await fetch(url);
    await closes(first);
    expect(second.destroyed).toBe(false);
  });

  it('refuses a new one while each waits for the server', async () => {
    const { url, open, handled } = await serve();
    for (let count = 0; count < maxConnections; count++) await open(get('/wait'));
    await expect(fetch(url)).rejects.toThrow();
    handled[0]!.end();
    await until(() => handled[0]!.closed, { what: 'the end of the answer' });
    expect((await fetch(url)).status).toBe(200);
  });
});
