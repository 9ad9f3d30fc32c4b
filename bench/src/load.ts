import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { quantile } from './statistics.ts';

export interface Load {
  readonly port: number;
  readonly tokens: readonly string[];
  /** Requests in all. */
  readonly amount: number;
  readonly connections: number;
}

export interface Outcome {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const headEnd = '\r\n\r\n';

/**
 * Closed loop over raw sockets: each connection sends its next request when the last is answered. An HTTP client would
 * cost more than the servers that are measured.
 *
 * @throws when anything but 200 comes.
 */
export async function runLoad({ port, tokens, amount, connections }: Load): Promise<Outcome> {
  const latencies: number[] = [];
  let sent = 0;
  const startedAt = performance.now();
  const nextToken = () => {
    if (sent >= amount) return undefined;
    sent += 1;
    return tokens[(sent - 1) % tokens.length];
  };
  await Promise.all(Array.from({ length: connections }, () => runConnection(port, nextToken, latencies)));
  const seconds = (performance.now() - startedAt) / 1000;
  const sorted = latencies.sort((a, b) => a - b);
  return { requestsPerSecond: amount / seconds, p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

async function runConnection(port: number, nextToken: () => string | undefined, latencies: number[]): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  await new Promise<void>((resolve, reject) => {
    let sentAt = 0;
    let received = '';
    const send = () => {
      const token = nextToken();
      if (token === undefined) {
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(`GET /orders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    };
    socket.on('data', (chunk: string) => {
      received += chunk;
      const end = received.indexOf(headEnd);
      if (end < 0 || received.length < end + headEnd.length + bodyLength(received)) return;
      if (!received.startsWith('HTTP/1.1 200')) {
        reject(new Error(`expected 200, found ${received.slice(9, 12)}`));
        return;
      }
      latencies.push(performance.now() - sentAt);
      received = '';
      send();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server closed a connection')));
    send();
  }).finally(() => socket.destroy());
}

function bodyLength(answer: string): number {
  return Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1] ?? 0);
}
