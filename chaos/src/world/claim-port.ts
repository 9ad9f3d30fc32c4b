import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** A loopback TCP port that is ours until it is released, whether anybody listens on it or not. */
export interface ClaimedPort {
  readonly port: number;
  release(): void;
}

/**
 * Claims a port for a process that is killed and started again and must find it free each time. Others who claim one,
 * in whatever process, cannot get the same: the claim is a UDP socket of that number, which the kernel gives to one
 * only and takes back with its process. Below the range from which it takes the ports of outgoing connections, or one of
 * those would sooner or later sit on it.
 */
export async function claimPort(random: () => number = Math.random): Promise<ClaimedPort> {
  for (;;) {
    const port = 12_000 + Math.floor(random() * 20_000);
    const claim = createSocket('udp4');
    const bound = (await comesUp(claim, () => claim.bind({ port, address, exclusive: true }))) && (await isFree(port));
    if (bound) {
      claim.unref();
      return { port, release: () => claim.close() };
    }
    claim.close();
  }
}

const address = '127.0.0.1';

/** Another process may listen on a port without a claim. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await comesUp(server, () => server.listen(port, address));
  if (!free) return false;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return true;
}

interface Listening {
  once(event: 'listening' | 'error', listener: () => void): unknown;
}

function comesUp(listening: Listening, begin: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    listening.once('listening', () => resolve(true));
    listening.once('error', () => resolve(false));
    begin();
  });
}
