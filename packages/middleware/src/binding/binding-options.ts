import {
  hasMethods,
  isGiven,
  type NumberBounds,
  orDefault,
  readBoolean,
  readNumber,
  readOneOf,
  readString,
  readStrings,
  readUrl,
  refuse,
  refuseUnknownKeys,
} from '../options/read-option.ts';
import type { ReplayStore } from './replay-store.ts';

/** Tokens bound to a key of the client (RFC 9449). */
export interface DpopOptions {
  /**
   * By which scheme, host and port clients name this API, with the part of the path that a proxy cuts off, if one does:
   * `https://api.example.com`. Proofs are made for it. Never taken from a request.
   */
  readonly publicOrigin: string;
  /** Refuse bearer tokens altogether. Default false. */
  readonly required?: boolean;
  /** Accepted signature algorithms of proofs. Default: all asymmetric ones known. */
  readonly algorithms?: readonly string[];
  /** Milliseconds, 1000–600000, default 60000: how old a proof may be; `clockToleranceMs` comes on top. */
  readonly proofMaxAgeMs?: number;
  /** Demand a nonce of ours in every proof (RFC 9449 §8). Default false. */
  readonly nonces?: boolean;
  /** 32 characters or more, the same for all processes behind one name. Default: drawn, for this process alone. */
  readonly nonceSecret?: string;
  /** Milliseconds, 10000–3600000, default 300000: a nonce is good for one to two of these. */
  readonly nonceLifetimeMs?: number;
  /**
   * Where proofs that were shown are remembered: `redis://` or `rediss://` for all processes together, or a store.
   * Default: in memory, and then a proof is good once at each process.
   */
  readonly replays?: string | ReplayStore;
  /** Proofs remembered in memory, 1000–10000000, default 100000; at the bound requests with a proof get 503. */
  readonly maxReplays?: number;
}

/** Certificates of clients, when a proxy in front ends their TLS connection (RFC 8705). */
export interface ClientCertificateOptions {
  /** The field in which the proxy hands on the certificate: as RFC 9440 says, or PEM, percent-encoded. */
  readonly header: string;
  /** Addresses and networks of the proxies that set the field, and remove it when a client sends one. */
  readonly trustedProxies: readonly string[];
}

export const dpopOptionNames = [
  'publicOrigin',
  'required',
  'algorithms',
  'proofMaxAgeMs',
  'nonces',
  'nonceSecret',
  'nonceLifetimeMs',
  'replays',
  'maxReplays',
] as const satisfies readonly (keyof DpopOptions)[];

export const clientCertificateOptionNames = [
  'header',
  'trustedProxies',
] as const satisfies readonly (keyof ClientCertificateOptions)[];

/** The numbers of {@link DpopOptions}; bounds are inclusive. */
export const dpopNumbers = {
  proofMaxAgeMs: { unit: 'ms', default: 60_000, min: 1000, max: 600_000 },
  nonceLifetimeMs: { unit: 'ms', default: 300_000, min: 10_000, max: 3_600_000 },
  maxReplays: { unit: 'proofs', default: 100_000, min: 1000, max: 10_000_000 },
} as const satisfies Record<string, NumberBounds & { default: number }>;

/** {@link DpopOptions}, every decision made. */
export interface ResolvedDpop {
  readonly publicOrigin: string;
  readonly required: boolean;
  readonly algorithms: readonly string[];
  readonly proofMaxAgeMs: number;
  readonly nonces: boolean;
  readonly nonceSecret: string | undefined;
  readonly nonceLifetimeMs: number;
  readonly replays: string | ReplayStore | undefined;
  readonly maxReplays: number;
}

const minSecretLength = 32;

/** @throws ConfigurationError */
export function readDpop(
  value: unknown,
  { allowHttp, algorithms }: { readonly allowHttp: boolean; readonly algorithms: readonly string[] },
): ResolvedDpop {
  if (!isGiven(value)) refuse('dpop', 'an object with a `publicOrigin`', value);
  refuseUnknownKeys('dpop.', value, dpopOptionNames);
  const number = (name: keyof typeof dpopNumbers) =>
    orDefault(value[name], dpopNumbers[name].default, (found) => readNumber(`dpop.${name}`, found, dpopNumbers[name]));
  const boolean = (name: 'required' | 'nonces') =>
    orDefault(value[name], false, (found) => readBoolean(`dpop.${name}`, found));
  return Object.freeze({
    publicOrigin: readOrigin(value['publicOrigin'], allowHttp),
    required: boolean('required'),
    algorithms: orDefault(value['algorithms'], algorithms, (found) => readProofAlgorithms(found, algorithms)),
    proofMaxAgeMs: number('proofMaxAgeMs'),
    nonces: boolean('nonces'),
    nonceSecret: orDefault(value['nonceSecret'], undefined, readSecret),
    nonceLifetimeMs: number('nonceLifetimeMs'),
    replays: orDefault(value['replays'], undefined, readReplays),
    maxReplays: number('maxReplays'),
  });
}

/** @throws ConfigurationError */
export function readClientCertificate(value: unknown): ClientCertificateOptions {
  if (!isGiven(value)) refuse('clientCertificate', 'an object with `header` and `trustedProxies`', value);
  refuseUnknownKeys('clientCertificate.', value, clientCertificateOptionNames);
  const header = readString('clientCertificate.header', value['header']).toLowerCase();
  if (!/^[a-z0-9-]{1,64}$/.test(header)) refuse('clientCertificate.header', 'the name of a field', value['header']);
  const trustedProxies = readStrings('clientCertificate.trustedProxies', value['trustedProxies']);
  return Object.freeze({ header, trustedProxies });
}

function readOrigin(value: unknown, allowHttp: boolean): string {
  const url = new URL(readUrl('dpop.publicOrigin', value, allowHttp));
  if (url.search !== '' || url.hash !== '') refuse('dpop.publicOrigin', 'a URL without query and fragment', value);
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

function readProofAlgorithms(value: unknown, known: readonly string[]): readonly string[] {
  const listed = readStrings('dpop.algorithms', value);
  for (const name of listed) readOneOf('dpop.algorithms', name, known);
  return listed;
}

function readSecret(value: unknown): string {
  const secret = readString('dpop.nonceSecret', value);
  return secret.length >= minSecretLength
    ? secret
    : refuse('dpop.nonceSecret', `${minSecretLength} characters or more`, value);
}

function readReplays(value: unknown): string | ReplayStore {
  if (typeof value === 'string' && /^rediss?(\+sentinel|\+cluster)?:/.test(value)) return value;
  return isReplayStore(value) ? value : refuse('dpop.replays', 'a redis: or rediss: URL, or a store', value);
}

function isReplayStore(value: unknown): value is ReplayStore {
  return hasMethods(value, ['take', 'close']);
}
