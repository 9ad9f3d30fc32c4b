import { createServer } from 'node:net';

/**
 * Finds a free loopback TCP port.
 *
 * Another process can take it before the caller binds it. Bind port 0 instead if possible; otherwise try again with
 * another port when the port is not free any more.
 */
export async function freePort(): Promise<number> {
  const port = await bind(0);
  if (port === undefined) throw new Error('the kernel has no free TCP port');
  return port;
}

/** Whether a loopback TCP port can be bound now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await bind(port)) !== undefined;
}

/** Binds a port and releases it. @returns undefined when the port is in use. */
function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address === null || typeof address === 'string' ? undefined : address.port));
    });
  });
}
