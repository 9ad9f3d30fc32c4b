import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import {
  checkOptions,
  checkWholeNumber,
  disposable,
  type Feed,
  openReplica,
  randomHex,
  systemClock,
  systemRandom,
  type Undisposed,
} from '@revocast/denylist/replica';
import { createFeedServer, Readers } from '@revocast/denylist/server';
import type { PublicJwk } from '../signing-key.ts';
import type { TestRevocation } from '../test-revocation.ts';
import type { TokenMint } from '../token-mint.ts';
import { checkText } from '../token-options.ts';
import { type Actions, answerRequest } from './routes.ts';

export interface ListenOptions {
  /** The address to bind. Default `127.0.0.1`; `0.0.0.0` for containers. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  /** The name of this host in URLs, as the other process resolves it. Default `127.0.0.1`. */
  readonly publicHost?: string | undefined;
}

const optionNames: readonly string[] = ['host', 'port', 'publicHost'] satisfies (keyof ListenOptions)[];

/** The issuer of the kit over HTTP. Its tokens have `issuer` as `iss`, so that its metadata can be discovered. */
export interface TestServer extends AsyncDisposable {
  /** Scheme, host and port; also `iss` of the tokens. */
  readonly issuer: string;
  readonly jwksUri: string;
  /** For `REVOCAST_FEED`, and the option `revocation.feed`. */
  readonly feed: string;
  token: TokenMint['token'];
  badToken: TokenMint['badToken'];
  /** As that of the kit, for the tokens of this server: also waits for the processes that follow `feed`. */
  revoke(revocation: TestRevocation): Promise<void>;
  close(): Promise<void>;
}

export interface ServedKit extends Pick<Actions, 'outage' | 'recover'> {
  readonly jwks: { readonly keys: readonly PublicJwk[] };
  readonly algorithm: string;
  readonly feed: Feed;
  readonly mintFor: (issuer: string) => TokenMint;
  readonly revokeFor: (issuer: string, revocation: TestRevocation) => Promise<void>;
}

/** Starts a server with the metadata, the keys, the tokens and the revocations of a kit. @throws ConfigurationError */
export async function listen(kit: ServedKit, options: ListenOptions = {}): Promise<TestServer> {
  checkOptions('listen', options, optionNames);
  const { host = '127.0.0.1', port = 0, publicHost = '127.0.0.1' } = options;
  checkText('host', host);
  checkText('publicHost', publicHost);
  checkWholeNumber('port', port, { least: 0, most: 65_535, unit: 'port' });
  const readers = new Readers({ clock: systemClock, id: randomHex(8) });
  const replica = openReplica({ feed: kit.feed, reader: readers, clock: systemClock, random: systemRandom });
  const feedServer = createFeedServer({ replica, readers, clock: systemClock });
  const server = createServer((request, response) => {
    if (!feedServer.handle(request, response)) void answerRequest(request, response, actions);
  });
  server.on('upgrade', (request, socket, head) => {
    if (!feedServer.upgrade(request, socket, head)) socket.destroy();
  });
  const issuer = `http://${publicHost}:${await bind(server, host, port)}`;
  const mint = kit.mintFor(issuer);
  const { jwks, algorithm, outage, recover } = kit;
  const revoke = (revocation: TestRevocation) => kit.revokeFor(issuer, revocation);
  const actions: Actions = { issuer, jwksUri: `${issuer}/jwks`, jwks, algorithm, mint, revoke, outage, recover };
  return disposable<Undisposed<TestServer>>({
    issuer,
    jwksUri: actions.jwksUri,
    feed: issuer,
    token: (given) => mint.token(given),
    badToken: (reason, given) => mint.badToken(reason, given),
    revoke,
    async close() {
      feedServer.close();
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, replica.close()]);
    },
  });
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected the address of a TCP server');
  return address.port;
}
