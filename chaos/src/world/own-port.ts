import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A loopback port for a process that is restarted and must find it free again: below the range from which the kernel
 * takes the ports of outgoing connections, or one of those would sooner or later sit on it.
 */
export async function ownPort(random: () => number): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(random() * 20_000);
    const server = createServer();
    const bound = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false));
      server.listen(port, '127.0.0.1');
    });
    if (!bound) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
