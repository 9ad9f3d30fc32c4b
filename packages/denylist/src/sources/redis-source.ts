import { ConfigurationError } from '../configuration-error.ts';
import { type TlsFiles, tlsFilesOf, tlsParameters } from './tls-files.ts';

/** One server, servers that Sentinels name, or a cluster of which one node holds our keys. */
type RedisDeployment = 'single' | 'sentinel' | 'cluster';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
  /** Of a Unix socket; host and port then have no meaning. */
  readonly socketPath?: string;
}

export interface RedisSource {
  readonly kind: 'redis';
  /** Safe to print: no user, no password, no parameters. */
  readonly name: string;
  readonly deployment: RedisDeployment;
  /** The server, the Sentinels, or some nodes of the cluster. */
  readonly nodes: readonly [RedisNode, ...RedisNode[]];
  /** The name that the Sentinels use for the primary. */
  readonly primaryName?: string;
  readonly database: number;
  readonly user?: string;
  readonly password?: string;
  /** File whose first line is the password, read at every connect. */
  readonly passwordFile?: string;
  /** Program and arguments that print the password, run at every connect. */
  readonly passwordCommand?: readonly string[];
  readonly sentinelUser?: string;
  readonly sentinelPassword?: string;
  /** Present for every `rediss` URL; connections to Sentinels then use TLS too. */
  readonly tls?: TlsFiles;
}

const shape = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

const unixShape = /^redis\+unix:(?:\/\/(?:([^/?#]*)@)?(?=\/))?(\/(?!\/)[^?#]*)(?:\?([^#]*))?$/;

/** Whether a URL has a Redis scheme, well formed or not. */
export function isRedisUrl(text: string): boolean {
  return /^rediss?(\+|:)/.test(text);
}

/**
 * Reads `redis://[user:password@]host[:6379][/database]`, `redis+sentinel://…host,host[:26379]/primary-name` and
 * `redis+cluster://…host,host[:6379]`, each as `rediss…` for TLS; and `redis+unix://[user:password@]/path/to/socket`.
 * Parameters: `ca`, `cert`, `key`, `servername`, `passwordFile`, `passwordCommand`, for a Unix socket `db`, and for
 * Sentinel `db`, `sentinelUser`, `sentinelPassword`.
 *
 * @throws ConfigurationError that never quotes a value: it may be a password.
 */
export function parseRedisSource(text: string, option: string): RedisSource {
  const refuse = (message: string) => new ConfigurationError(option, message);
  if (text.startsWith('redis+unix:')) return parseUnixSource(text, refuse);
  const [, scheme = '', kind, userInfo = '', hosts = '', path = '', query = ''] = shape.exec(text) ?? [];
  if (scheme === '')
    throw refuse(
      'expected redis://host:6379, redis+sentinel://…, redis+cluster://… or redis+unix:///path, found another form',
    );
  const deployment = kind === 'sentinel' || kind === 'cluster' ? kind : 'single';
  const isSentinel = deployment === 'sentinel';
  const [first, ...others] = hosts.split(',').map((host) => parseNode(host, isSentinel ? 26379 : 6379, refuse));
  if (first === undefined) throw refuse('expected a host');
  if (deployment === 'single' && others.length > 0) {
    throw refuse('several hosts need redis+sentinel://… or redis+cluster://…');
  }
  const withTls = scheme === 'rediss';
  const own = isSentinel ? sentinelParameters : [];
  const parameter = parseParameters(query, { own, withTls, refuse });
  if (isSentinel && path === '') {
    throw refuse('expected the name of the primary as path: redis+sentinel://host:26379/primary-name');
  }
  if (deployment === 'cluster' && path !== '') throw refuse('a cluster has no databases: expected no path');
  return {
    kind: 'redis',
    name: `${scheme}${kind === undefined ? '' : `+${kind}`}://${hosts}${isSentinel ? `/${path}` : ''}`,
    deployment,
    nodes: [first, ...others],
    primaryName: isSentinel ? decode(path, refuse) : undefined,
    database: parseDatabase(deployment === 'single' ? path : (parameter('db') ?? ''), refuse),
    ...parseLogin(userInfo, parameter, refuse),
    sentinelUser: parameter('sentinelUser'),
    sentinelPassword: parameter('sentinelPassword'),
    tls: withTls ? tlsFilesOf(parameter) : undefined,
  };
}

/** `redis+unix:///path/to/socket`, with credentials before the path as in other URLs. */
function parseUnixSource(text: string, refuse: Refuse): RedisSource {
  const [, userInfo = '', path = '', query = ''] = unixShape.exec(text) ?? [];
  if (path === '') throw refuse('expected redis+unix:///path/to/socket, found another form');
  const parameter = parseParameters(query, { own: ['db'], withTls: false, refuse });
  const socketPath = decode(path, refuse);
  return {
    kind: 'redis',
    name: `redis+unix:${socketPath}`,
    deployment: 'single',
    nodes: [{ host: 'localhost', port: 0, socketPath }],
    database: parseDatabase(parameter('db') ?? '', refuse),
    ...parseLogin(userInfo, parameter, refuse),
  };
}

type Refuse = (message: string) => ConfigurationError;
type Parameter = (name: string) => string | undefined;

/** One place for the password: with two of them, an operator would change the wrong one. */
function parseLogin(userInfo: string, parameter: Parameter, refuse: Refuse) {
  const [user, password] = parseCredentials(userInfo, refuse);
  const passwordFile = parameter('passwordFile');
  const words = parameter('passwordCommand')
    ?.split(' ')
    .filter((word) => word !== '');
  if (words?.length === 0) throw refuse('expected a program in the parameter passwordCommand');
  if (words !== undefined && (password !== undefined || passwordFile !== undefined)) {
    throw refuse('expected no other password beside the parameter passwordCommand');
  }
  return { user, password, passwordFile, passwordCommand: words };
}

function parseNode(text: string, defaultPort: number, refuse: Refuse): RedisNode {
  const [, v6, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? plain;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port < 1 || port > 65535) throw refuse('expected host or host:port');
  return { host, port };
}

const sentinelParameters = ['db', 'sentinelUser', 'sentinelPassword'];

interface Expected {
  /** Parameters of this deployment alone. */
  readonly own: readonly string[];
  readonly withTls: boolean;
  readonly refuse: Refuse;
}

/** A parameter without effect is refused: an operator who writes `ca` without TLS believes the connection is safe. */
function parseParameters(query: string, { own, withTls, refuse }: Expected): Parameter {
  const parameters = new URLSearchParams(query);
  const known = ['passwordFile', 'passwordCommand', ...(withTls ? tlsParameters : []), ...own];
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue;
    if (tlsParameters.includes(name)) throw refuse(`the parameter ${name} needs a rediss URL`);
    throw refuse(`expected the parameters ${known.join(', ')}, found another one`);
  }
  if (parameters.has('cert') !== parameters.has('key')) {
    throw refuse('expected both of the parameters cert and key, found one');
  }
  return (name) => parameters.get(name) ?? undefined;
}

function parseDatabase(text: string, refuse: Refuse): number {
  if (text === '') return 0;
  if (!/^\d{1,5}$/.test(text)) throw refuse('expected a database number');
  return Number(text);
}

function parseCredentials(userInfo: string, refuse: Refuse): (string | undefined)[] {
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userInfo) ?? [];
  return [user, password].map((part) => (part === '' ? undefined : decode(part, refuse)));
}

function decode(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('write a % in a user, password or name as %25');
  }
}
