import { ConfigurationError } from '../configuration-error.ts';
import { isRedisUrl, parseRedisSource, type RedisSource } from './redis-source.ts';
import { type TlsFiles, tlsFilesOf, tlsParameters } from './tls-files.ts';

export type { RedisSource } from './redis-source.ts';

/** Where a log or a feed is, parsed from a URL. `name` is safe to print: it contains no credentials. */
export type Source = RedisSource | HttpSource | FileSource | { readonly kind: 'memory'; readonly name: string };

export interface HttpSource {
  readonly kind: 'http';
  readonly name: string;
  /** Without a trailing slash; for a Unix socket the host part is a placeholder. */
  readonly baseUrl: string;
  readonly socketPath?: string;
  /** The server is on this host, so it reads the same clock: a Unix socket or a loopback address. */
  readonly sameHost: boolean;
  /** Present for every `https` URL. */
  readonly tls?: TlsFiles;
}

export interface TransportOptions {
  /**
   * Allows plain `http:` to a sidecar on another host. A host that can change this traffic can hide every
   * revocation, and one that can read it has the bearer token: use it only in a network that no other host can reach. Default false.
   */
  readonly dangerouslyAllowHttp?: boolean | undefined;
}

export interface FileSource {
  readonly kind: 'file';
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

const expected =
  'expected redis://host:6379, rediss://…, redis+sentinel://…, redis+cluster://…, redis+unix:///path, http://127.0.0.1:7471, https://…, unix:/path/to/socket, file:/path or memory:';

/**
 * Reads the URL of a source. Parameters of `https:` URLs: `ca`, `cert`, `key`, `servername`, as in `rediss:` URLs.
 *
 * @throws ConfigurationError naming the scheme that was found, never the URL: it may contain a password. For `http:` to
 *         another host without {@link TransportOptions.dangerouslyAllowHttp} too.
 */
export function parseSource(text: string, option = 'url', transport: TransportOptions = {}): Source {
  const unexpected = (found: string) => new ConfigurationError(option, `${expected}; found ${found}`);
  // A caller without types can leave it out.
  if (typeof text !== 'string') throw unexpected(text === undefined ? 'nothing' : `a value of type ${typeof text}`);
  if (text.startsWith('unix:')) {
    const socketPath = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!socketPath.startsWith('/')) throw unexpected('a relative socket path');
    return { kind: 'http', name: `unix:${socketPath}`, baseUrl: 'http://sidecar', socketPath, sameHost: true };
  }
  if (text.startsWith('file:')) {
    const path = text.slice('file:'.length).replace(/^\/\/(?=\/)/, '');
    if (!/^(\/(?!\/)|[A-Za-z]:[\\/])/.test(path) || /[\\/]$/.test(path)) {
      throw unexpected('no absolute path of a file');
    }
    return { kind: 'file', name: `file:${path}`, path };
  }
  if (isRedisUrl(text)) return parseRedisSource(text, option);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  switch (url?.protocol) {
    case 'http:':
    case 'https:':
      return parseHttpSource(url, option, transport);
    case 'memory:':
      return { kind: 'memory', name: 'memory:' };
    default:
      throw unexpected(url === undefined ? 'no URL' : `scheme ${url.protocol}`);
  }
}

function parseHttpSource(url: URL, option: string, { dangerouslyAllowHttp = false }: TransportOptions): HttpSource {
  const refuse = (message: string) => new ConfigurationError(option, message);
  const withTls = url.protocol === 'https:';
  const sameHost = isLoopback(url.hostname);
  if (url.username !== '' || url.password !== '') {
    throw refuse(
      'expected an http: or https: URL without user and password, which would appear in logs; give a token file instead',
    );
  }
  if (!withTls && !sameHost && !dangerouslyAllowHttp) {
    throw refuse(
      'expected https: for a sidecar on another host, found http:; serve TLS there (dataTlsCertFile, dataTlsKeyFile), or, on a network where nobody else can read or change the traffic, set dangerouslyAllowHttp: true (--dangerously-allow-http)',
    );
  }
  const parameters = url.searchParams;
  for (const name of parameters.keys()) {
    if (!tlsParameters.includes(name))
      throw refuse(`expected the parameters ${tlsParameters.join(', ')}, found another one`);
    if (!withTls) throw refuse(`the parameter ${name} needs an https: URL`);
  }
  if (parameters.has('cert') !== parameters.has('key')) {
    throw refuse('expected both of the parameters cert and key, found one');
  }
  return {
    kind: 'http',
    name: url.origin,
    baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    sameHost,
    tls: withTls ? tlsFilesOf((name) => parameters.get(name) ?? undefined) : undefined,
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
