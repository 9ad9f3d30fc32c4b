import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mintKey, type SigningKey } from '@revocast/test-support';
import { SignJWT } from 'jose';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

export interface SetClaims {
  readonly jti?: string;
  readonly iat?: number;
  readonly sub_id?: unknown;
  readonly events?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

/** A transmitter of the Shared Signals Framework 1.0, written after the specifications: push, poll and stream management. */
export interface Transmitter extends AsyncDisposable {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly pollUrl: string;
  /** Ids of SETs that were acknowledged, and those that were refused with their codes (RFC 8936 §2.4). */
  readonly acknowledged: string[];
  readonly refused: Map<string, string>;
  /** Paths of all requests, with their methods. */
  readonly requests: string[];
  /** SETs that wait for a poll. */
  readonly waiting: number;
  /** Holds a poll without events open for this long, in milliseconds. */
  holdMs: number;
  /** While true, events stay at the transmitter. */
  isPaused: boolean;
  /** While true, the key set is answered with 500. */
  keysAreDown: boolean;
  /** Sends every SET twice, or in reverse order. */
  disorder: 'none' | 'duplicate' | 'reverse';
  sign(claims: SetClaims, header?: object): Promise<string>;
  /** Adds an event for pollers. @returns its `jti`. */
  emit(claims: SetClaims): Promise<string>;
  /** Sends an event to a receiver (RFC 8935 §2). */
  push(url: string, claims: SetClaims, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Signs with a new key from now on; the old one is removed from the key set. */
  rotate(): Promise<void>;
}

export const sessionRevoked = (sub: string, issuer: string, at = Math.floor(Date.now() / 1000)): SetClaims => ({
  sub_id: { format: 'iss_sub', iss: issuer, sub },
  events: { [`${caep}session-revoked`]: { event_timestamp: at } },
});

export const accountChange = (
  type: 'account-disabled' | 'account-enabled',
  sub: string,
  issuer: string,
  at: number,
): SetClaims => ({
  sub_id: { format: 'iss_sub', iss: issuer, sub },
  toe: at,
  events: { [risc + type]: {} },
});

export interface TransmitterOptions {
  /** The path of the issuer; the metadata is then appended to it and not inserted, as Keycloak does. */
  readonly path?: string;
  readonly audience?: string;
  /** Another origin in the metadata. */
  readonly foreignOrigin?: string;
  /** Members of the metadata that are replaced; undefined: absent. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export async function startTransmitter(options: TransmitterOptions = {}): Promise<Transmitter> {
  const { path = '', audience = 'https://receiver.example' } = options;
  let key: SigningKey = await mintKey('ES256', 'set-1');
  let keyCount = 1;
  const pending = new Map<string, string>();
  let wake = () => {};
  let stream: Record<string, unknown> | undefined;
  const open = new Set<ServerResponse>();

  const server = createServer((request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    void serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = origin + path;
  const endpoints = options.foreignOrigin ?? origin;

  const answers: Record<string, (body: Record<string, unknown>, request: IncomingMessage) => unknown> = {
    [`GET ${path}/.well-known/ssf-configuration`]: () => ({
      issuer,
      jwks_uri: `${origin}/jwks`,
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      configuration_endpoint: `${endpoints}/streams`,
      status_endpoint: `${endpoints}/status`,
      verification_endpoint: `${endpoints}/verify`,
      ...options.metadata,
    }),
    // Without keys: those of a transmitter are in its own metadata.
    [`GET ${path}/.well-known/openid-configuration`]: () => ({ issuer, token_endpoint: `${origin}/token` }),
    'GET /jwks': () => (transmitter.keysAreDown ? undefined : { keys: [key.publicJwk] }),
    'POST /token': () => ({ access_token: 'a-token', token_type: 'Bearer', expires_in: 300 }),
    'GET /streams': () => (stream === undefined ? [] : [stream]),
    'POST /streams': ({ delivery, events_requested }) => {
      const isPoll = (delivery as { method: string }).method === 'urn:ietf:rfc:8936';
      stream = {
        stream_id: 'stream-1',
        iss: issuer,
        aud: audience,
        delivery: isPoll ? { method: 'urn:ietf:rfc:8936', endpoint_url: `${origin}/poll` } : delivery,
        events_requested,
        min_verification_interval: 1,
      };
      return stream;
    },
    'GET /status': () => ({ stream_id: 'stream-1', status: transmitter.isPaused ? 'paused' : 'enabled' }),
    'POST /verify': async ({ state }) => {
      await transmitter.emit({ sub_id: { format: 'opaque', id: 'stream-1' }, events: { [verification]: { state } } });
      return {};
    },
    'POST /poll': poll,
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${(request.url ?? '').split('?')[0]}`;
    transmitter.requests.push(route);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const needsToken = /\/(streams|status|verify|poll)$/.test(route);
    if (needsToken && request.headers.authorization !== 'Bearer a-token') return void response.writeHead(401).end();
    const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    const found = answers[route];
    if (found === undefined) return void response.writeHead(404).end();
    const answer = await found(body, request);
    if (answer === undefined) return void response.writeHead(500).end();
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer));
  }

  /** RFC 8936 §2.4: SETs stay until they are acknowledged. */
  async function poll({ ack = [], setErrs = {}, maxEvents = 10, returnImmediately = false }: Record<string, unknown>) {
    for (const jti of ack as string[]) {
      if (pending.delete(jti)) transmitter.acknowledged.push(jti);
    }
    for (const [jti, { err }] of Object.entries(setErrs as Record<string, { err: string }>)) {
      pending.delete(jti);
      transmitter.refused.set(jti, err);
    }
    if (returnImmediately !== true && (pending.size === 0 || transmitter.isPaused) && transmitter.holdMs > 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, transmitter.holdMs).unref();
      });
    }
    if (transmitter.isPaused) return { sets: {}, moreAvailable: false };
    const all = [...pending];
    const first = all.slice(0, Number(maxEvents));
    const ordered = transmitter.disorder === 'reverse' ? first.reverse() : first;
    return { sets: Object.fromEntries(ordered), moreAvailable: all.length > ordered.length };
  }

  const transmitter: Transmitter = {
    issuer,
    jwksUri: `${origin}/jwks`,
    pollUrl: `${origin}/poll`,
    acknowledged: [],
    refused: new Map(),
    requests: [],
    get waiting() {
      return pending.size;
    },
    holdMs: 1000,
    isPaused: false,
    keysAreDown: false,
    disorder: 'none',
    sign({ jti = randomUUID(), iat = Math.floor(Date.now() / 1000), ...claims }, header = {}) {
      return new SignJWT({ iss: issuer, aud: audience, jti, iat, ...claims })
        .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'secevent+jwt', ...header })
        .sign(key.privateKey);
    },
    async emit({ jti = randomUUID(), ...claims }) {
      pending.set(jti, await transmitter.sign({ jti, ...claims }));
      if (transmitter.disorder === 'duplicate') pending.set(`${jti}#2`, await transmitter.sign({ jti, ...claims }));
      wake();
      return jti;
    },
    async push(url, claims, headers = {}) {
      const body = await transmitter.sign(claims);
      return await fetch(url, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json', ...headers },
      });
    },
    async rotate() {
      keyCount += 1;
      key = await mintKey('ES256', `set-${keyCount}`);
    },
    async [Symbol.asyncDispose]() {
      wake();
      for (const response of open) response.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return transmitter;
}
