import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

export interface Listener {
  readonly url: string;
  readonly port: number;
  /** A server must know its own URL before it can build what answers. */
  serve(handler: RequestListener): void;
  close(): Promise<void>;
}

/** @param port 0 (the default) takes a free one. @param host default 127.0.0.1 */
export async function listen(port = 0, host = '127.0.0.1'): Promise<Listener> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
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
