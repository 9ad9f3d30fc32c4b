import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../src/free-port.ts';
import { startTcpProxy, type TcpProxy } from '../../src/network/tcp-proxy.ts';
import { until } from '../../src/until.ts';

let target: Server;
let proxy: TcpProxy;
/** The connections of the target. */
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
  /** The received pieces. */
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

/** Long enough for a round trip on loopback. */
const aRoundTrip = (): Promise<void> => sleep(60);

describe('an undisturbed connection', () => {
  it('forwards bytes in both directions and counts them', async () => {
    const client = await dial();
    client.socket.write('hello');
    await echoed(client, 'hello');
    expect(counters()).toEqual({ accepted: 1, active: 1, bytesUp: 5, bytesDown: 5 });
  });

  it('forwards twenty megabytes without a change', async () => {
    const client = await dial();
    const sent = Buffer.alloc(20 * 1024 * 1024, 'abcdefghij');
    client.socket.end(sent);
    await until(() => client.ended, { what: 'the last byte', timeoutMs: 10_000 });
    expect(client.text() === sent.toString()).toBe(true);
  });

  it('forwards a FIN as a FIN', async () => {
    const client = await dial();
    client.socket.end('last words');
    await until(() => client.ended, { what: 'the FIN back' });
    expect(client.text()).toBe('last words');
    await until(() => proxy.active === 0, { what: 'the end of the connection' });
    expect(client.error).toBeUndefined();
  });

  it('forwards an RST as an RST', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    served[0]?.resetAndDestroy();
    await until(() => client.error === 'ECONNRESET', { what: 'the RST' });
  });

  it('resets the client when the target refuses the connection', async () => {
    proxy.retarget({ host: '127.0.0.1', port: await freePort() });
    const client = await dial();
    await until(() => client.error === 'ECONNRESET', { what: 'the RST' });
  });
});

describe('delay', () => {
  it('delays each byte, in order, and does not add up the delays', async () => {
    proxy.delay(100);
    const client = await dial();
    const startedAt = performance.now();
    const letters = 'abcdefghij'.repeat(10);
    for (const letter of letters) {
      client.socket.write(letter);
      await sleep(2);
    }
    await echoed(client, letters);
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThanOrEqual(200); // 100 up, 100 down
    expect(took).toBeLessThan(10_000); // 20,000, if each letter waited for the one before it
  });
});

describe('stall', () => {
  it('delivers no byte and loses none', async () => {
    const client = await dial();
    proxy.stall();
    client.socket.write('held');
    await aRoundTrip();
    expect(client.text()).toBe('');
    expect(client.closed).toBe(false);
    proxy.flow();
    await echoed(client, 'held');
  });

  it('stops reading, so that the buffers of a sender fill', async () => {
    const client = await dial();
    proxy.stall();
    while (client.socket.write(Buffer.alloc(1024 * 1024))) await sleep(1);
    await aRoundTrip();
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(proxy.bytesUp).toBeLessThan(1024 * 1024);
  });

  it('applies to new connections', async () => {
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
  it('discards bytes and FINs without an error on either side', async () => {
    const client = await dial();
    client.socket.write('before');
    await echoed(client, 'before');
    proxy.blackhole();
    let targetReceived = false;
    served[0]?.on('data', () => {
      targetReceived = true;
    });
    served[0]?.on('end', () => {
      targetReceived = true;
    });
    served[0]?.write('lost');
    client.socket.end('lost as well');
    await aRoundTrip();
    expect(targetReceived).toBe(false);
    expect(client.text()).toBe('before');
    expect(client.closed).toBe(false);
  });

  it.each(['up', 'down'] as const)('discards the bytes of one direction: %s', async (direction) => {
    const client = await dial();
    client.socket.write('before');
    await echoed(client, 'before');
    proxy.blackhole(direction);
    let received = '';
    served[0]?.on('data', (bytes) => {
      received += String(bytes);
    });
    client.socket.write('question');
    if (direction === 'down') await until(() => received === 'question', { what: 'the question' });
    await aRoundTrip();
    expect(received).toBe(direction === 'up' ? '' : 'question');
    expect(client.text()).toBe('before');
    expect(client.closed).toBe(false);
  });

  it('accepts new connections without a connection to the target', async () => {
    proxy.blackhole();
    const client = await dial();
    client.socket.write('12345678');
    await until(() => proxy.bytesUp === 8, { what: 'the discarded bytes' });
    expect(served).toHaveLength(0);
    expect(client.closed).toBe(false);
    expect(proxy.active).toBe(1);
  });

  it('hides a reset by the target', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    proxy.blackhole();
    served[0]?.resetAndDestroy();
    await aRoundTrip();
    expect(client.error).toBeUndefined();
    expect(client.closed).toBe(false);
  });

  it('at its end, resets the connections that lost bytes and keeps the others', async () => {
    const lossy = await dial();
    const idle = await dial();
    await until(() => served.length === 2, { what: 'both connections' });
    proxy.blackhole();
    lossy.socket.write('lost');
    const discarded = await dial();
    await until(() => proxy.bytesUp === 4, { what: 'the discarded bytes' });
    proxy.flow();
    await until(() => lossy.error === 'ECONNRESET' && discarded.closed, { what: 'the RSTs' });
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

  it('refuses new connections, and does not affect present ones', async () => {
    const present = await dial();
    proxy.refuse(true);
    const refused = connect(proxy.port, proxy.host);
    await expect(once(refused, 'end')).rejects.toThrow('ECONNRESET');
    present.socket.write('first');
    await echoed(present, 'first');
    proxy.refuse(false);
    const later = await dial();
    later.socket.write('second');
    await echoed(later, 'second');
    expect(proxy.accepted).toBe(3);
  });

  it('closes one direction only', async () => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    const received: string[] = [];
    served[0]?.on('data', (bytes) => received.push(bytes.toString()));
    proxy.halfClose('down');
    await until(() => client.ended, { what: 'the FIN' });
    client.socket.write('one way');
    await until(() => received.join('') === 'one way', { what: 'the other direction' });
  });
});

describe('splitBytes', () => {
  it('writes pieces of the given size', async () => {
    const client = await dial();
    proxy.splitBytes(3);
    const sizes: number[] = [];
    await until(() => served.length === 1, { what: 'the connection to the target' });
    served[0]?.on('data', (bytes) => sizes.push(bytes.length));
    client.socket.write('abcdefgh');
    await echoed(client, 'abcdefgh');
    expect(sizes).toEqual([3, 3, 2]);
  });

  it('rejects a size below one byte', () => {
    expect(() => proxy.splitBytes(0)).toThrow('splitBytes: expected at least 1 byte, found 0');
  });
});

describe('onBytes', () => {
  it('calls back once, only for its direction', async () => {
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

  it('finds a pattern across packets', async () => {
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

  it('does not call back for bytes before the watch, or after its end', async () => {
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

  it.each(['reset', 'stall', 'blackhole'] as const)('allows %s before the pattern arrives', async (fault) => {
    const client = await dial();
    await until(() => served.length === 1, { what: 'the connection to the target' });
    let received = '';
    served[0]?.on('data', (bytes) => {
      received += bytes.toString();
    });
    proxy.onBytes('commit', 'up', () => proxy[fault]());
    client.socket.write('begin');
    await echoed(client, 'begin');
    client.socket.write(' commit');
    await aRoundTrip();
    expect(received).toBe('begin');
  });
});

describe('close', () => {
  it('frees the port and ends open connections', async () => {
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
