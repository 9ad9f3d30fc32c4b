import { createServer } from 'node:net';

/**
 * A loopback TCP port that was free a moment ago.
 *
 * Another process may take it before the caller binds it. A caller that can bind port 0 itself should do that; another
 * one must try again with another port when its port is no longer free.
 */
export async function freePort(): Promise<number> {
  const port = await bind(0);
  if (port === undefined) throw new Error('no TCP port is free');
  return port;
}

/** Whether a loopback TCP port can be bound now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await bind(port)) !== undefined;
}

/** Binds a port and releases it. @returns undefined when another socket has it. */
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
