// One contender in a process of its own: the load generator must not share its event loop.
import { createServer } from 'node:http';
import express from 'express';
import type { Setting } from './contenders/contender.ts';
import { contenders } from './contenders/index.ts';

process.once('message', (message) => {
  const { name, setting } = message as { name: string; setting: Setting }; // sent by measure.ts only
  void serve(name, setting).catch((error: unknown) => {
    process.send?.({ failed: error instanceof Error ? error.message : 'unknown' });
    process.exit(1);
  });
});

async function serve(name: string, setting: Setting): Promise<void> {
  const contender = contenders.find((known) => known.name === name);
  if (contender === undefined) throw new Error(`no contender ${name}`);
  const middleware = await contender.prepare(setting);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (middleware !== undefined) app.use(middleware);
  app.get('/orders', (_request, response) => {
    response.json({ orders: [] });
  });
  const server = createServer(app);
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.({ address: server.address() }));
}
