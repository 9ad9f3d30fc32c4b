import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** A loopback TCP port that stays reserved until `release`, even while no process listens on it. */
export interface ClaimedPort {
  readonly port: number;
  release(): void;
}

/**
 * Claims a port for a process that is killed and started again and must find its port free each time. The claim is a
 * UDP socket with the same number: the kernel gives it to only one process and frees it when that process ends. The
 * port is below the range of ephemeral ports, because an outgoing connection could take a port of that range.
 */
export async function claimPort(random: () => number = Math.random): Promise<ClaimedPort> {
  for (;;) {
    const port = 12_000 + Math.floor(random() * 20_000);
    const claim = createSocket('udp4');
    const bound = (await listens(claim, () => claim.bind({ port, address, exclusive: true }))) && (await isFree(port));
    if (bound) {
      claim.unref();
      return { port, release: () => claim.close() };
    }
    claim.close();
  }
}

const address = '127.0.0.1';

/** A process can listen on a port that it did not claim. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await listens(server, () => server.listen(port, address));
  if (!free) return false;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return true;
}

interface Listening {
  once(event: 'listening' | 'error', listener: () => void): unknown;
}

/** @returns whether `begin` led to `listening` and not to `error`. */
function listens(listening: Listening, begin: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    listening.once('listening', () => resolve(true));
    listening.once('error', () => resolve(false));
    begin();
  });
}
