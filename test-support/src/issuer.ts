import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { JWK } from 'jose';
import { type Answer, answerWithFault, type KeyServerFault, redirectedPath, sendJson } from './key-server-fault.ts';
import {
  type ClaimOverrides,
  mintKey,
  mintToken,
  type SigningAlgorithm,
  type SigningKey,
  type SignOptions,
} from './signer.ts';

/** 'refuse' closes the listening socket, so that a connection is really refused. A function answers by itself. */
export type KeyServerBehaviour = 'ok' | 'refuse' | KeyServerFault | Answer;

export interface StartTestIssuerOptions {
  /** Default `ES256`, whose keys cost nothing to mint. */
  algorithm?: SigningAlgorithm;
  /** Keys published at the start; the first one signs. Default 1. */
  keyCount?: number;
  /** Whether the issuer identifier ends with a slash. Default false. */
  trailingSlash?: boolean;
  /** Default `https://api.test`. */
  audience?: string | readonly string[];
  /** Cache-Control of the key set. Default: none. */
  cacheControl?: string;
  /** Default `Date.now`. */
  nowMs?: () => number;
}

export interface IssuerSignOptions extends SignOptions {
  /** The kid of any key this issuer ever had, removed ones too, or a foreign key. Default: the one it signs with now. */
  key?: string | SigningKey;
}

export interface RequestRecord {
  method: string;
  /** Without the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

/** The requests that arrived, those answered wrongly on purpose included. */
export interface RequestLog {
  readonly all: readonly RequestRecord[];
  count(path: string): number;
  clear(): void;
}

/** A small real issuer over plain HTTP on 127.0.0.1. */
export interface TestIssuer {
  /** The issuer identifier: `http://127.0.0.1:<port>`, with a slash when that was asked for. */
  readonly issuer: string;
  readonly audience: string | readonly string[];
  readonly jwksUri: string;
  /** What the key set holds now. */
  readonly publicJwks: { keys: JWK[] };
  /** The key it signs with now. */
  readonly currentKey: SigningKey;
  readonly requests: RequestLog;
  sign(claims?: ClaimOverrides, options?: IssuerSignOptions): Promise<string>;
  /** Publishes another key without signing with it. Resolves with its kid. */
  addKey(): Promise<string>;
  /** Takes a key out of the published set; it can still sign when named. */
  removeKey(kid: string): void;
  /** Publishes a new key and signs with it from now on; the old ones stay published. Resolves with its kid. */
  rotate(): Promise<string>;
  /**
   * Makes `/jwks` (or the `paths` given) answer otherwise until 'ok'. 'refuse' concerns the whole server. Requests in
   * progress end as they began.
   */
  behave(behaviour: KeyServerBehaviour, paths?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export const discoveryPaths = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'] as const;

const host = '127.0.0.1';

/** Starts an issuer on a free port: discovery (OIDC and RFC 8414), `/jwks` with ETag, and signing. */
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

  const publicKeys = (): JWK[] => published.map((key) => key.publicJwk);
  const records: RequestRecord[] = [];
  let behaviour: KeyServerBehaviour = 'ok';
  let misbehavingPaths: readonly string[] = [];

  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    records.push({ method: request.method ?? '', path, headers: request.headers });
    // A handler of a test that fails must look like a broken server, not break the test's process.
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
      return (_request, response) => sendJson(response, metadata({ issuer, origin, jwksUri, algorithm }));
    }
    return (_request, response) => void response.writeHead(404).end();
  }

  const keyNamed = (key: string | SigningKey): SigningKey => {
    const found = typeof key === 'string' ? everyKey.get(key) : key;
    if (found === undefined) throw new Error(`this issuer never had a key ${String(key)}`);
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
  keys: readonly JWK[];
  cacheControl: string | undefined;
}

function sendKeySet(request: IncomingMessage, response: ServerResponse, { keys, cacheControl }: KeySetAnswer): void {
  const etag = `"${createHash('sha256').update(JSON.stringify(keys)).digest('base64url')}"`;
  const headers = { etag, ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }) };
  if (request.headers['if-none-match'] === etag) response.writeHead(304, headers).end();
  else sendJson(response, { keys }, headers);
}

interface Metadata {
  issuer: string;
  origin: string;
  jwksUri: string;
  algorithm: SigningAlgorithm;
}

// RFC 8414 §2, with what OpenID Connect Discovery §3 requires on top.
function metadata({ issuer, origin, jwksUri, algorithm }: Metadata): Record<string, unknown> {
  return {
    issuer,
    jwks_uri: jwksUri,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

async function stopListening(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
