import { isIP } from 'node:net';

/** The address of a listener: a TCP port (0: any free port) or a Unix socket. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Reads `host:port`, `[::1]:port` or `unix:/path`.
 *
 * @returns undefined for any other text. The host must be an IP address or `localhost`: a name could resolve to an
 *          address that other hosts can reach.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    return path.startsWith('/') && !path.endsWith('/') ? { kind: 'unix', path } : undefined;
  }
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const host = match?.groups?.['v6'] ?? match?.groups?.['v4'];
  const port = Number(match?.groups?.['port']);
  if (host === undefined || port > 65_535) return undefined;
  const known = match?.groups?.['v6'] === undefined ? host === 'localhost' || isIP(host) === 4 : isIP(host) === 6;
  return known ? { kind: 'tcp', host, port } : undefined;
}

/** Whether only processes of this host (or network namespace) can connect. */
export function isHostLocal(address: ListenAddress): boolean {
  return address.kind === 'unix' || isLoopback(address.host);
}

/** @param host as in a URL or a bind address, with or without brackets. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'));
}
