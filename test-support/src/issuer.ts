import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { discoveryPaths, issuerMetadata, type PublicJwk } from '@revocast/testing/issuer';
import { type Answer, answerWithFault, type KeyServerFault, redirectedPath, sendJson } from './key-server-fault.ts';
import {
  type ClaimOverrides,
  mintKey,
  mintToken,
  type SigningAlgorithm,
  type SigningKey,
  type SignOptions,
} from './signer.ts';

/** 'refuse' closes the listening socket, so that connections are refused. A function handles requests itself. */
export type KeyServerBehaviour = 'ok' | 'refuse' | KeyServerFault | Answer;

export interface StartTestIssuerOptions {
  /** Default `ES256`, whose keys are fast to generate. */
  algorithm?: SigningAlgorithm;
  /** Number of keys published at the start. The first one signs. Default 1. */
  keyCount?: number;
  /** Whether the issuer identifier ends with a slash. Default false. */
  trailingSlash?: boolean;
  /** Default `https://api.test`. */
  audience?: string | readonly string[];
  /** `Cache-Control` of the key set. Default: none. */
  cacheControl?: string;
  /** Default `Date.now`. */
  nowMs?: () => number;
}

export interface IssuerSignOptions extends SignOptions {
  /** The kid of any key that this issuer has created, also a removed one, or a foreign key. Default: the signing key. */
  key?: string | SigningKey;
}

export interface RequestRecord {
  method: string;
  /** Without the query string. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** All received requests, with those that were answered with a fault. */
export interface RequestLog {
  readonly all: readonly RequestRecord[];
  count(path: string): number;
  clear(): void;
}

/** A small real issuer over plain HTTP on 127.0.0.1. */
export interface TestIssuer {
  /** The issuer identifier, `http://127.0.0.1:<port>`, with a slash if `trailingSlash` is set. */
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly jwksUri: string;
  /** The currently published key set. */
  readonly publicJwks: { keys: PublicJwk[] };
  /** The current signing key. */
  readonly currentKey: SigningKey;
  readonly requests: RequestLog;
  sign(claims?: ClaimOverrides, options?: IssuerSignOptions): Promise<string>;
  /** Publishes another key, which does not sign. Resolves with its kid. */
  addKey(): Promise<string>;
  /** Removes a key from the published set. It can still sign if it is named in `key`. */
  removeKey(kid: string): void;
  /** Publishes a new key, which signs from now on. The old keys stay published. Resolves with the new kid. */
  rotate(): Promise<string>;
  /**
   * Changes the answers of `/jwks` (or of `paths`) until 'ok'. 'refuse' affects the whole server. Pending requests are
   * not affected.
   */
  behave(behaviour: KeyServerBehaviour, paths?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export { discoveryPaths };

const host = '127.0.0.1';

/** Starts an issuer on a free port, with discovery (OIDC and RFC 8414), `/jwks` with ETag, and signing. */
export async function startTestIssuer(options: StartTestIssuerOptions = {}): Promise<TestIssuer> {
  const { algorithm = 'ES256', keyCount = 1, trailingSlash = false, audience = 'https://api.test' } = options;
  const { cacheControl, nowMs = Date.now } = options;

  const everyKey = new Map<string, SigningKey>();
  let published: SigningKey[] = [];
  const publish = async (): Promise<SigningKey> => {
    const key = await mintKey(algorithm, `key-${everyKey.size + 1}`);
    everyKey.set(key.kid, key);
    published = [...published, key];
    return key;
  };
  let current = await publish();
  while (published.length < keyCount) await publish();

  const publicKeys = (): PublicJwk[] => published.map((key) => key.publicJwk);
  const records: RequestRecord[] = [];
  let behaviour: KeyServerBehaviour = 'ok';
  let misbehavingPaths: readonly string[] = [];

  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    records.push({ method: request.method ?? '', path, headers: request.headers });
    // A failure of a handler of a test must look like a broken server, and must not end the test process.
    const answered = (async () => answer(path)(request, response, publicKeys()))();
    answered.catch(() => response.destroy());
  });
  const port = await listen(server, 0);
  const origin = `http://${host}:${port}`;
  const issuer = trailingSlash ? `${origin}/` : origin;
  const jwksUri = `${origin}/jwks`;

  function answer(path: string): Answer {
    if (behaviour !== 'ok' && behaviour !== 'refuse' && misbehavingPaths.includes(path)) {
      return typeof behaviour === 'function' ? behaviour : answerWithFault[behaviour];
    }
    if (path === '/jwks' || path === redirectedPath) {
      return (request, response, keys) => sendKeySet(request, response, { keys, cacheControl });
    }
    if (discoveryPaths.some((known) => known === path)) {
      return (_request, response) => sendJson(response, issuerMetadata({ issuer, origin, jwksUri, algorithm }));
    }
    return (_request, response) => void response.writeHead(404).end();
  }

  const keyNamed = (key: string | SigningKey): SigningKey => {
    const found = typeof key === 'string' ? everyKey.get(key) : key;
    if (found === undefined) throw new Error(`the issuer has no key ${String(key)}`);
    return found;
  };

  return {
    issuer,
    audience,
    jwksUri,
    get publicJwks() {
      return { keys: publicKeys() };
    },
    get currentKey() {
      return current;
    },
    requests: {
      all: records,
      count: (path) => records.filter((record) => record.path === path).length,
      clear: () => void records.splice(0),
    },
    async sign(claims = {}, { key = current, ...rest } = {}) {
      return mintToken(keyNamed(key), claims, { issuer, audience, nowMs, ...rest });
    },
    addKey: async () => (await publish()).kid,
    removeKey(kid) {
      published = published.filter((key) => key.kid !== kid);
    },
    async rotate() {
      current = await publish();
      return current.kid;
    },
    async behave(next, paths = ['/jwks']) {
      behaviour = next;
      misbehavingPaths = paths;
      if (next === 'refuse') await stopListening(server);
      else if (!server.listening) await listen(server, port);
    },
    close: () => stopListening(server),
  };
}

interface KeySetAnswer {
  keys: readonly PublicJwk[];
  cacheControl: string | undefined;
}

function sendKeySet(request: IncomingMessage, response: ServerResponse, { keys, cacheControl }: KeySetAnswer): void {
  const etag = `"${createHash('sha256').update(JSON.stringify(keys)).digest('base64url')}"`;
  const headers: Record<string, string> = { etag };
  if (cacheControl !== undefined) headers['cache-control'] = cacheControl;
  if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else sendJson(response, { keys }, headers);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected the address of a TCP server');
  return address.port;
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
