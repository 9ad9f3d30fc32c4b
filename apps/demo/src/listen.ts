import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

export interface Listener {
  readonly url: string;
  readonly port: number;
  /** Sets the handler. Separate from `listen`, because a handler can need the URL of its server. */
  serve(handler: RequestListener): void;
  close(): Promise<void>;
}

/** @param port default 0, a free port. @param host default 127.0.0.1. */
export async function listen(port = 0, host = '127.0.0.1'): Promise<Listener> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected the address of a TCP server');
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    serve: (handler) => void server.on('request', handler),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
