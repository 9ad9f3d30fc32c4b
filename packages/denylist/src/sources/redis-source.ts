import { ConfigurationError } from '../configuration-error.ts';

/** How a Redis is laid out: one address, one that Sentinels name, or a cluster of which one node has our slot. */
export type RedisDeployment = 'single' | 'sentinel' | 'cluster';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface RedisTls {
  /** Paths of PEM files, read at every connect so that a renewed certificate is taken. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name on the certificate, where it is not the host. */
  readonly serverName?: string;
}

export interface RedisSource {
  readonly kind: 'redis';
  /** Safe to print: no user, no password, no parameters. */
  readonly name: string;
  readonly deployment: RedisDeployment;
  /** The server, the Sentinels, or some nodes of the cluster. */
  readonly nodes: readonly [RedisNode, ...RedisNode[]];
  /** What the Sentinels call the primary. */
  readonly primaryName?: string;
  readonly database: number;
  readonly user?: string;
  readonly password?: string;
  /** File whose first line is the password, read at every connect. */
  readonly passwordFile?: string;
  readonly sentinelUser?: string;
  readonly sentinelPassword?: string;
  /** Set for every `rediss` URL; Sentinels are then spoken to over TLS too. */
  readonly tls?: RedisTls;
}

const shape = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Whether a URL means Redis, well formed or not. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?(\+|:)/.test(text);
}

/**
 * Reads `redis://[user:password@]host[:6379][/database]`, `redis+sentinel://…host,host[:26379]/primary-name` and
 * `redis+cluster://…host,host[:6379]`; each as `rediss…` for TLS. Parameters: `ca`, `cert`, `key`, `servername`,
 * `passwordFile`, and for Sentinel `db`, `sentinelUser`, `sentinelPassword`.
 *
 * @throws ConfigurationError that never quotes a value: it may be a password.
 */
export function parseRedisSource(text: string, option: string): RedisSource {
  const refuse = (message: string) => new ConfigurationError(option, message);
  const [, scheme = '', kind, userInfo, hosts = '', path = '', query = ''] = shape.exec(text) ?? [];
  if (scheme === '')
    throw refuse('expected redis://host:6379, redis+sentinel://… or redis+cluster://…, found another form');
  const deployment = kind === 'sentinel' || kind === 'cluster' ? kind : 'single';
  const defaultPort = deployment === 'sentinel' ? 26379 : 6379;
  const [first, ...others] = hosts.split(',').map((host) => parseNode(host, defaultPort, refuse));
  if (first === undefined) throw refuse('expected a host');
  if (deployment === 'single' && others.length > 0) {
    throw refuse('several hosts need redis+sentinel://… or redis+cluster://…');
  }
  const parameters = parseParameters(query, { deployment, withTls: scheme === 'rediss', refuse });
  if (deployment === 'sentinel' && path === '') {
    throw refuse('expected the name of the primary as path: redis+sentinel://host:26379/primary-name');
  }
  if (deployment === 'cluster' && path !== '') throw refuse('a cluster has no databases: expected no path');
  const primary = deployment === 'sentinel' ? { primaryName: decode(path, refuse) } : {};
  return {
    kind: 'redis',
    name: `${scheme}${kind === undefined ? '' : `+${kind}`}://${hosts}${deployment === 'sentinel' ? `/${path}` : ''}`,
    deployment,
    nodes: [first, ...others],
    ...primary,
    database: parseDatabase(deployment === 'single' ? path : (parameters.get('db') ?? ''), refuse),
    ...parseCredentials(userInfo, refuse),
    ...pick(parameters, { passwordFile: 'passwordFile', sentinelUser: 'sentinelUser' }),
    ...pick(parameters, { sentinelPassword: 'sentinelPassword' }),
    ...(scheme === 'rediss'
      ? { tls: pick(parameters, { ca: 'caFile', cert: 'certFile', key: 'keyFile', servername: 'serverName' }) }
      : {}),
  };
}

type Refuse = (message: string) => ConfigurationError;

function parseNode(text: string, defaultPort: number, refuse: Refuse): RedisNode {
  const [, v6, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port < 1 || port > 65535) throw refuse('expected host or host:port');
  return { host, port };
}

const everywhere = ['passwordFile'];
const ofTls = ['ca', 'cert', 'key', 'servername'];
const ofSentinel = ['db', 'sentinelUser', 'sentinelPassword'];

interface Expected {
  readonly deployment: RedisDeployment;
  readonly withTls: boolean;
  readonly refuse: Refuse;
}

/** A parameter that would be ignored is refused: a `ca` on a plain connection is a false sense of safety. */
function parseParameters(query: string, { deployment, withTls, refuse }: Expected): URLSearchParams {
  const parameters = new URLSearchParams(query);
  const known = [...everywhere, ...(withTls ? ofTls : []), ...(deployment === 'sentinel' ? ofSentinel : [])];
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    if (ofTls.includes(name)) throw refuse(`the parameter ${name} needs a rediss URL`);
    throw refuse(`expected the parameters ${known.join(', ')}, found another one`);
  }
  if (parameters.has('cert') !== parameters.has('key')) throw refuse('cert and key go together');
  return parameters;
}

function pick<Name extends string>(
  parameters: URLSearchParams,
  names: Readonly<Record<string, Name>>,
): { [Key in Name]?: string } {
  const picked: { [Key in Name]?: string } = {};
  for (const [parameter, name] of Object.entries(names)) {
    const value = parameters.get(parameter);
    if (value !== null) picked[name] = value;
  }
  return picked;
}

function parseDatabase(text: string, refuse: Refuse): number {
  if (text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw refuse('expected a database number');
  return Number(text);
}

function parseCredentials(userInfo: string | undefined, refuse: Refuse): { user?: string; password?: string } {
  if (userInfo === undefined || userInfo === '') return {};
  const colon = userInfo.indexOf(':');
  const user = decode(colon < 0 ? userInfo : userInfo.slice(0, colon), refuse);
  const password = colon < 0 ? '' : decode(userInfo.slice(colon + 1), refuse);
  return { ...(user === '' ? {} : { user }), ...(password === '' ? {} : { password }) };
}

function decode(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('a % in a user, password or name is written %25');
  }
}
