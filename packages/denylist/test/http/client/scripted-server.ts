import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HttpSource, parseSource } from '../../../src/sources/source.ts';

export interface ScriptedServer {
  readonly source: HttpSource;
  readonly port: number;
  close(): void;
}

/** A server on loopback that answers as told. */
export async function startScriptedServer(listener: RequestListener): Promise<ScriptedServer> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listening on TCP: never a string or null
  const source = parseSource(`http://127.0.0.1:${port}`);
  if (source.kind !== 'http') throw new Error('expected an http source');
  return {
    source,
    port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
