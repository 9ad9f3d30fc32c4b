import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A loopback port for a process that is restarted and must find it free again: below the range from which the kernel
 * takes the ports of outgoing connections, or one of those would sooner or later sit on it.
 */
export async function ownPort(random: () => number): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(random() * 20_000);
    const server = createServer().listen(port, '127.0.0.1');
    const bound = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]);
    if (!bound) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
