import { once } from 'node:events';
import { createServer } from 'node:net';

/** Fixed ports, so that commands and debugger configurations also work with the next `npm run dev`. */
const fixed = { issuer: 9400, operator: 9401, data: 7471, admin: 7472, api: 3000 };

/**
 * The loopback port of each listener.
 *
 * @throws Error that names the ports used by another process.
 */
export async function choosePorts({ free }) {
  const opened = await Promise.all(
    Object.entries(fixed).map(async ([name, port]) => ({ name, port, server: await open(free ? 0 : port) })),
  );
  // All stay open until all are chosen, so that no free port is chosen twice.
  const ports = Object.fromEntries(opened.map(({ name, server }) => [name, server?.address().port]));
  for (const { server } of opened) server?.close();
  const taken = opened.filter(({ server }) => server === undefined).map(({ port }) => port);
  if (taken.length === 0) return ports;
  throw new Error(`In use by another process: port ${taken.join(', ')}. Stop that process, or add --free-ports.`);
}

/** @returns undefined when the port is in use. */
async function open(port) {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
