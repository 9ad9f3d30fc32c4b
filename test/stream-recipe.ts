import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Verifier } from '@revocast/middleware';
import * as middleware from '@revocast/middleware';
import * as fetchAdapter from '@revocast/middleware/fetch';
import * as mcpAdapter from '@revocast/middleware/mcp';
import * as socketAdapter from '@revocast/middleware/socket.io';
import express from 'express';
import { runSnippet, snippetsIn } from './run-snippet.ts';
import { schema, streamLibraries } from './stream-libraries.ts';

export interface ServedRecipe {
  readonly port: number;
  readonly server: Server;
  readonly close: () => void;
}

interface Recipe {
  readonly verifier: Verifier;
  /** In place of the libraries of these names. */
  readonly libraries?: object;
}

/** Serves the program under a heading of docs/streams.md, as it stands there. */
export async function serveRecipe(heading: string, { verifier, libraries }: Recipe): Promise<ServedRecipe> {
  const snippet = snippetsIn('docs/streams.md').find(({ under }) => under === heading);
  if (snippet === undefined) throw new Error(`docs/streams.md has no program under "${heading}"`);
  const app = express();
  const server: Server = createServer(app);
  const modules = {
    ...streamLibraries,
    'node:crypto': await import('node:crypto'),
    'node:http': await import('node:http'),
    '@revocast/middleware': middleware,
    '@revocast/middleware/fetch': fetchAdapter,
    '@revocast/middleware/mcp': mcpAdapter,
    '@revocast/middleware/socket.io': socketAdapter,
    ...libraries,
  };
  const serve = (handler: Parameters<typeof getRequestListener>[0]) => void app.use(getRequestListener(handler));
  await runSnippet(snippet, { ...middleware, modules, app, server, verifier, schema, serve } as never);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, server, close };
}
