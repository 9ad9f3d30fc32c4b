import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../src/free-port.ts';
import { startTcpProxy, type TcpProxy } from '../../src/network/tcp-proxy.ts';
import { until } from '../../src/until.ts';

let target: Server;
let proxy: TcpProxy;
/** The target's ends of its connections. */
let served: Socket[];
let clients: Socket[];

beforeEach(async () => {
  served = [];
  clients = [];
  target = createServer({ allowHalfOpen: true }, (socket) => {
    served.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => socket.write(bytes)); // an echo
    socket.on('end', () => socket.end());
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo; // a TCP server listens
  proxy = await startTcpProxy({ target: { host: '127.0.0.1', port } });
});

afterEach(async () => {
  for (const socket of [...clients, ...served]) socket.destroy();
  await proxy.close();
  target.close();
});

interface Client {
  socket: Socket;
  /** Pieces received so far. */
  pieces: string[];
  text(): string;
  error: string | undefined;
  ended: boolean;
  closed: boolean;
}

async function dial(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true, noDelay: true });
  clients.push(socket);
  const pieces: string[] = [];
  const client: Client = { socket, pieces, text: () => pieces.join(''), error: undefined, ended: false, closed: false };
  socket.on('data', (bytes) => pieces.push(bytes.toString()));
  socket.on('end', () => {
    client.ended = true;
  });
  socket.on('close', () => {
    client.closed = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    client.error = error.code;
  });
  await once(socket, 'connect');
  return client;
}

const echoed = (client: Client, text: string): Promise<boolean> =>
  until(() => client.text() === text, { what: `the echo of ${text.slice(0, 20)}` });

/** Long enough for a loopback round trip that was going to happen. */
const aRoundTrip = (): Promise<void> => sleep(60);

describe('an undisturbed connection', () => {
  it('carries bytes both ways and counts them', async () => {
    const client = await dial();
    client.socket.write('hello');
    await echoed(client, 'hello');
    expect(counters()).toEqual({ accepted: 1, active: 1, bytesUp: 5, bytesDown: 5 });
  });

  it('carries twenty megabytes unharmed', async () => {
    const client = await dial();
    const sent = Buffer.alloc(20 * 1024 * 1024, 'abcdefghij');
    client.socket.end(sent);
    await until(() => client.ended, { what: 'the last byte', timeoutMs: 10_000 });
    expect(client.text() === sent.toString()).toBe(true);
  });

  it('passes a FIN on as a FIN', async () => {
    const client = await dial();
    client.socket.end('last words');
    await until(() => client.ended, { what: 'the FIN back' });
    expect(client.text()).toBe('last words');
    await until(() => proxy.active === 0, { what: 'the end of the connection' });
    expect(client.error).toBeUndefined();
  });

  it('passes an RST on as an RST', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    served[0]?.resetAndDestroy();
    await until(() => client.error === 'ECONNRESET', { what: 'the RST' });
  });

  it('resets the client when nobody listens at the target', async () => {
    proxy.retarget({ host: '127.0.0.1', port: await freePort() });
    const client = await dial();
    await until(() => client.error === 'ECONNRESET', { what: 'the RST' });
  });
});

describe('delay', () => {
  it('delivers each byte late, in order, and not one after the other', async () => {
    proxy.delay(100);
    const client = await dial();
    const startedAt = performance.now();
    for (const word of ['a', 'b', 'c', 'd']) {
      client.socket.write(word);
      await sleep(5);
    }
    await echoed(client, 'abcd');
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThanOrEqual(200); // 100 up, 100 down
    expect(took).toBeLessThan(600); // not 100 for each word and direction
  });
});

describe('stall', () => {
  it('holds everything back and loses nothing', async () => {
    const client = await dial();
    proxy.stall();
    client.socket.write('held');
    await aRoundTrip();
    expect(client.text()).toBe('');
    expect(client.closed).toBe(false);
    proxy.flow();
    await echoed(client, 'held');
  });

  it('stops reading, so that a sender feels the full buffers', async () => {
    const client = await dial();
    proxy.stall();
    while (client.socket.write(Buffer.alloc(1024 * 1024))) await sleep(1);
    await aRoundTrip();
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(proxy.bytesUp).toBeLessThan(1024 * 1024);
  });

  it('holds new connections as well', async () => {
    proxy.stall();
    const client = await dial();
    client.socket.write('held');
    await aRoundTrip();
    expect(client.text()).toBe('');
    proxy.flow();
    await echoed(client, 'held');
  });
});

describe('blackhole', () => {
  it('swallows bytes and FINs, and tells neither side', async () => {
    const client = await dial();
    client.socket.write('before');
    await echoed(client, 'before');
    proxy.blackhole();
    let targetHeard = false;
    served[0]?.on('data', () => {
      targetHeard = true;
    });
    served[0]?.on('end', () => {
      targetHeard = true;
    });
    served[0]?.write('lost');
    client.socket.end('lost as well');
    await aRoundTrip();
    expect(targetHeard).toBe(false);
    expect(client.text()).toBe('before');
    expect(client.closed).toBe(false);
  });

  it('accepts new connections without the target hearing of them', async () => {
    proxy.blackhole();
    const client = await dial();
    client.socket.write('anybody?');
    await until(() => proxy.bytesUp === 8, { what: 'the swallowed bytes' });
    expect(served).toHaveLength(0);
    expect(client.closed).toBe(false);
    expect(proxy.active).toBe(1);
  });

  it('hides the death of the target', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    proxy.blackhole();
    served[0]?.resetAndDestroy();
    await aRoundTrip();
    expect(client.error).toBeUndefined();
    expect(client.closed).toBe(false);
  });

  it('once it ends, resets the connections that lost bytes and keeps the others', async () => {
    const lossy = await dial();
    const idle = await dial();
    await until(() => served.length === 2, { what: 'both connections' });
    proxy.blackhole();
    lossy.socket.write('lost');
    const swallowed = await dial();
    await until(() => proxy.bytesUp === 4, { what: 'the swallowed bytes' });
    proxy.flow();
    await until(() => lossy.error === 'ECONNRESET' && swallowed.closed, { what: 'the RSTs' });
    idle.socket.write('still here');
    await echoed(idle, 'still here');
  });
});

describe('reset, refuse and halfClose', () => {
  it('resets both sides', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    const targetError = once(served[0] as Socket, 'error');
    proxy.reset();
    await until(() => client.error === 'ECONNRESET', { what: 'the RST' });
    expect(await targetError).toMatchObject([{ code: 'ECONNRESET' }]);
    await until(() => proxy.active === 0, { what: 'the end of the connection' });
  });

  it('refuses new connections while told to, and leaves the present ones alone', async () => {
    const present = await dial();
    proxy.refuse(true);
    const refused = connect(proxy.port, proxy.host);
    await expect(once(refused, 'end')).rejects.toThrow('ECONNRESET');
    present.socket.write('me?');
    await echoed(present, 'me?');
    proxy.refuse(false);
    const welcome = await dial();
    welcome.socket.write('and me?');
    await echoed(welcome, 'and me?');
    expect(proxy.accepted).toBe(3);
  });

  it('closes one direction only', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    const heard: string[] = [];
    served[0]?.on('data', (bytes) => heard.push(bytes.toString()));
    proxy.halfClose('down');
    await until(() => client.ended, { what: 'the FIN' });
    client.socket.write('one way');
    await until(() => heard.join('') === 'one way', { what: 'the other direction' });
  });
});

describe('splitBytes', () => {
  it('delivers in pieces of the size asked for', async () => {
    const client = await dial();
    proxy.splitBytes(3);
    const sizes: number[] = [];
    await until(() => served.length === 1, { what: 'the connection to the target' });
    served[0]?.on('data', (bytes) => sizes.push(bytes.length));
    client.socket.write('abcdefgh');
    await echoed(client, 'abcdefgh');
    expect(sizes).toEqual([3, 3, 2]);
  });

  it('refuses a size below one byte', () => {
    expect(() => proxy.splitBytes(0)).toThrow('splitBytes: at least 1 byte, got 0');
  });
});

describe('onBytes', () => {
  it('fires once, for its own direction only', async () => {
    let up = 0;
    let down = 0;
    proxy.onBytes('needle', 'up', () => {
      up += 1;
    });
    const client = await dial();
    proxy.onBytes('nothing like it', 'down', () => {
      down += 1;
    });
    client.socket.write('hay needle hay needle');
    await echoed(client, 'hay needle hay needle');
    expect([up, down]).toEqual([1, 0]);
  });

  it('finds a pattern cut by packets', async () => {
    let seen = 0;
    proxy.onBytes(Buffer.from('needle'), 'up', () => {
      seen += 1;
    });
    const client = await dial();
    for (const part of ['hay ne', 'ed', 'le hay']) {
      client.socket.write(part);
      await sleep(10);
    }
    await echoed(client, 'hay needle hay');
    expect(seen).toBe(1);
  });

  it('does not fire for what had passed before, nor after it was taken back', async () => {
    const client = await dial();
    client.socket.write('needle');
    await echoed(client, 'needle');
    let seen = 0;
    proxy.onBytes('needle', 'up', () => {
      seen += 1;
    });
    const stop = proxy.onBytes('hay', 'up', () => {
      seen += 1;
    });
    stop();
    client.socket.write(' hay');
    await echoed(client, 'needle hay');
    expect(seen).toBe(0);
  });

  it.each(['reset', 'stall', 'blackhole'] as const)('lets %s keep the pattern from arriving', async (fault) => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    let heard = '';
    served[0]?.on('data', (bytes) => {
      heard += bytes.toString();
    });
    proxy.onBytes('commit', 'up', () => proxy[fault]());
    client.socket.write('begin');
    await echoed(client, 'begin');
    client.socket.write(' commit');
    await aRoundTrip();
    expect(heard).toBe('begin');
  });
});

describe('close', () => {
  it('frees the port and ends what is open', async () => {
    const { port } = proxy;
    const client = await dial();
    await proxy.close();
    await until(() => client.closed, { what: 'the end of the connection' });
    const again = connect(port, '127.0.0.1');
    await expect(once(again, 'connect')).rejects.toThrow('ECONNREFUSED');
  });
});

function counters(): { accepted: number; active: number; bytesUp: number; bytesDown: number } {
  const { accepted, active, bytesUp, bytesDown } = proxy;
  return { accepted, active, bytesUp, bytesDown };
}
