import { readFile } from 'node:fs/promises';
import { type Clock, isJsonObject, type JsonObject } from '@revocast/denylist/replica';
import { configuredOrigins } from '../config/configured-hosts.ts';
import type { SourceOf } from '../config/source-list.ts';
import type { HttpAnswer, HttpRequest, SendRequest } from './http-client.ts';
import { StreamError } from './stream-error.ts';

interface ClientPorts {
  readonly send: SendRequest;
  readonly clock: Clock;
  /** Ends the requests when the receiver stops. */
  readonly signal: AbortSignal;
  readonly counted: (isOk: boolean) => void;
}

/** Sends requests to the transmitter of a stream, with the credential of the configuration. */
export interface TransmitterClient {
  /** @throws StreamError: for a host that is not configured, without an answer, or for a status of 400 and more. */
  request(
    request: Pick<HttpRequest, 'url' | 'method' | 'timeoutMs' | 'maxBytes'> & { json?: object },
  ): Promise<HttpAnswer>;
  /** The same without the credential, for public metadata. */
  document(url: string): Promise<JsonObject | undefined>;
}

/** Milliseconds by which a token is renewed before it expires. */
const renewEarlyMs = 30_000;
const defaultLifetimeMs = 60_000;
const defaultScope = 'ssf.manage ssf.read';

export function createTransmitterClient(source: SourceOf<'ssf'>, ports: ClientPorts): TransmitterClient {
  const { send, clock, signal, counted } = ports;
  const origins = configuredOrigins(source);
  let token: { readonly authorization: string; readonly untilMs: number } | undefined;

  const exchange = async (request: HttpRequest): Promise<HttpAnswer> => {
    // The metadata of a transmitter must not choose where a credential goes.
    if (!origins.has(new URL(request.url).origin)) throw new StreamError('foreign_host');
    try {
      const answer = await send({ ...request, signal });
      counted(answer.status < 400);
      return answer;
    } catch (cause) {
      counted(false);
      throw new StreamError('no_answer', { cause });
    }
  };
  const document = async (url: string) => {
    const { status, json } = await exchange({ url, method: 'GET' });
    return status === 200 && isJsonObject(json) ? json : undefined;
  };
  const findTokenEndpoint = async (): Promise<string> => {
    if (source.tokenEndpoint !== undefined) return source.tokenEndpoint;
    const base = source.issuer.replace(/\/$/, '');
    const metadata = await document(`${base}/.well-known/openid-configuration`);
    const endpoint = metadata?.['token_endpoint'];
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) throw new StreamError('bad_metadata');
    return endpoint;
  };
  const fetchToken = async (): Promise<string> => {
    const { clientId = '', clientSecretFile = '', scope = defaultScope } = source;
    const secret = await readSecret(clientSecretFile);
    const url = await findTokenEndpoint();
    const startedAtMs = clock.monotonicMs();
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64');
    const { status, json } = await exchange({
      url,
      method: 'POST',
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
      authorization: `Basic ${basic}`,
    });
    const { access_token: text, expires_in: seconds } = isJsonObject(json) ? json : {};
    if (status !== 200 || typeof text !== 'string') throw new StreamError('bad_token_answer', { status });
    const lifetimeMs = typeof seconds === 'number' ? seconds * 1000 : defaultLifetimeMs;
    token = { authorization: `Bearer ${text}`, untilMs: startedAtMs + lifetimeMs - renewEarlyMs };
    return token.authorization;
  };
  const authorize = async (): Promise<string | undefined> => {
    if (source.accessTokenFile !== undefined) return `Bearer ${await readSecret(source.accessTokenFile)}`;
    if (source.clientId === undefined) return undefined;
    return token !== undefined && clock.monotonicMs() < token.untilMs ? token.authorization : await fetchToken();
  };

  return {
    document,
    async request({ json, ...request }) {
      const body = json === undefined ? undefined : JSON.stringify(json);
      const answer = await exchange({ ...request, body, authorization: await authorize() });
      // The transmitter may have forgotten it before its time.
      if (answer.status === 401) token = undefined;
      if (answer.status >= 400) throw new StreamError('bad_status', { status: answer.status });
      return answer;
    },
  };
}

async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new StreamError('credential_unreadable', { cause });
  }
}
