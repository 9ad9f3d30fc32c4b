import { createHash, hkdfSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isJsonObject } from '@revocast/denylist/replica';
import { peekBody } from './peek-body.ts';
import { hasFormType, parsedBody } from './read-form.ts';

/** A request that may be answered with the answer of an equal one. */
export interface RetriableRequest {
  /** Names the request in the store: derived from the refresh token and all that the answer depends on. */
  readonly id: string;
  /** Encrypts the answer. Derived from the refresh token: who does not have it, cannot read the answer. */
  readonly key: Buffer;
}

/** Of clients that a proxy has authenticated by their certificate: RFC 9440, Envoy, nginx and others. */
const certificateHeaders = [
  'client-cert',
  'x-forwarded-client-cert',
  'x-ssl-client-cert',
  'x-client-cert',
  'ssl-client-cert',
];
const attestationHeader = 'oauth-client-attestation';
const longestBody = 32_768;

/**
 * @returns undefined for a request that must reach the server in any case: another grant type, a body that cannot be read
 * ahead, or a client whose credentials are good for one request (an assertion, an attestation) or are not in the request (a
 * certificate).
 */
export async function readRetriable(
  request: IncomingMessage & { readonly body?: unknown },
): Promise<RetriableRequest | undefined> {
  const { headers, method } = request;
  if (method !== 'POST' || usesCertificate(request) || headers[attestationHeader] !== undefined) return undefined;
  const form = await readForm(request);
  if (form === undefined) return undefined;
  const valuesOf = (name: string) => form.filter(([key]) => key === name).map(([, value]) => value);
  const [refreshToken, ...others] = valuesOf('refresh_token');
  const isRefresh = valuesOf('grant_type').join() === 'refresh_token';
  if (!isRefresh || refreshToken === undefined || refreshToken.length < 16 || others.length > 0) return undefined;
  if (form.some(([key]) => key.startsWith('client_assertion'))) return undefined;

  const parts = [
    form.map(([key, value]) => `${key}=${value}`).sort(),
    [
      headers.authorization ?? '',
      headers.origin ?? '',
      headers.host ?? '',
      request.url ?? '',
      dpopKeyOf(headers['dpop']),
    ],
  ];
  const fields = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return {
    id: Buffer.from(derive(refreshToken, `id ${fields}`)).toString('base64url'),
    key: Buffer.from(derive(refreshToken, `key ${fields}`)),
  };
}

function derive(refreshToken: string, use: string): ArrayBuffer {
  return hkdfSync('sha256', refreshToken, '', `revocast retry 1 ${use}`, 32);
}

function usesCertificate({ socket, headers }: IncomingMessage): boolean {
  if (certificateHeaders.some((name) => headers[name] !== undefined)) return true;
  if (!('getPeerCertificate' in socket) || typeof socket.getPeerCertificate !== 'function') return false;
  const certificate: unknown = socket.getPeerCertificate();
  return typeof certificate === 'object' && certificate !== null && Object.keys(certificate).length > 0;
}

type Form = readonly (readonly [name: string, value: string])[];

async function readForm(request: IncomingMessage & { readonly body?: unknown }): Promise<Form | undefined> {
  if (!hasFormType(request)) return undefined;
  const parsed = parsedBody(request);
  if (parsed !== undefined) return pairsOf(parsed);
  const body = await peekBody(request, longestBody);
  return body === undefined ? undefined : [...new URLSearchParams(body.toString('utf8'))];
}

/** A form that another handler has parsed. */
function pairsOf(body: object): Form | undefined {
  const pairs = Object.entries(body).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((each: unknown) => [key, each] as const),
  );
  return pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string') ? pairs : undefined;
}

/**
 * The key of a DPoP proof (RFC 9449 §4.2), unverified: an answer is bound to the key of the request that it answered, and is
 * useless with another one.
 */
function dpopKeyOf(proof: string | string[] | undefined): string {
  if (proof === undefined) return '';
  const [header = ''] = String(proof).split('.', 1);
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (isJsonObject(parsed) && isJsonObject(parsed['jwk']))
      return JSON.stringify(Object.entries(parsed['jwk']).sort());
  } catch {
    // not JSON: the server refuses it
  }
  return String(proof);
}
