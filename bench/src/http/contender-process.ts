// One contender in a child process, because the load generator must not share its event loop.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { answerParent } from '../answer-parent.ts';
import type { Setting } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';

answerParent(async (order) => {
  if (order === 'cpu') return { cpuUs: cpuUs() };
  const { name, setting } = order as { name: string; setting: Setting }; // sent by contender-run.ts only
  return { port: await serve(name, setting) };
});

/** CPU time of this process since its start, all threads, in microseconds. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function serve(name: string, setting: Setting): Promise<number> {
  const contender = contenders.find((known) => known.name === name);
  if (contender === undefined) throw new Error(`unknown contender ${name}`);
  const middleware = await contender.prepare(setting);
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
