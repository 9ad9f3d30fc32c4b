import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type RequestHandler } from 'express';

/** Serves `/orders` on a free port, behind the middleware if there is one. @returns the port. */
export async function serveOrders(middleware: RequestHandler | undefined): Promise<number> {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (middleware !== undefined) app.use(middleware);
  app.get('/orders', (_request, response) => {
    response.json({ orders: [] });
  });
  const server = createServer(app);
  // Longer than the turns of all other contenders, during which this one is idle.
  server.keepAliveTimeout = 600_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 2048 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  return port;
}
