import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that the systems give to outgoing connections and to servers on port 0 (Linux from 32768, others from 49152):
 * a connection of another process would take such a port before the caller binds it.
 */
const firstPort = 12_000;
const ports = 20_000;
const mostAttempts = 100;

/**
 * Finds a free loopback TCP port, at random.
 *
 * Another process can take it before the caller binds it. Bind port 0 instead if possible; otherwise try again with
 * another port when the port is not free any more.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const port = firstPort + randomInt(ports);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`none of ${mostAttempts} TCP ports from ${firstPort} to ${firstPort + ports - 1} is free`);
}

/** Whether a loopback TCP port can be bound now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
