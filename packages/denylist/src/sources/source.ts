import { ConfigurationError } from '../configuration-error.ts';
import { isRedisUrl, parseRedisSource, type RedisSource } from './redis-source.ts';

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
}

export interface FileSource {
  readonly kind: 'file';
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

const expected =
  'expected redis://host:6379, rediss://…, redis+sentinel://…, redis+cluster://…, http://127.0.0.1:7471, https://…, unix:/path/to/socket, file:/path or memory:';

/** @throws ConfigurationError naming the scheme that was found, never the URL: it may contain a password. */
export function parseSource(text: string, option = 'url'): Source {
  const unexpected = (found: string) => new ConfigurationError(option, `${expected}; found ${found}`);
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
      if (url.username !== '' || url.password !== '') {
        throw new ConfigurationError(
          option,
          'expected an http: or https: URL without user and password, which would appear in logs; give a token file instead',
        );
      }
      return {
        kind: 'http',
        name: url.origin,
        baseUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
        sameHost: isLoopback(url.hostname),
      };
    case 'memory:':
      return { kind: 'memory', name: 'memory:' };
    default:
      throw unexpected(url === undefined ? 'no URL' : `scheme ${url.protocol}`);
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
