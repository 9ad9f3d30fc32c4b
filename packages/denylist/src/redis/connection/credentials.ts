import { readFile } from 'node:fs/promises';
import { errorCodeOf } from '../../error-code.ts';
import { FeedError } from '../../log/feed.ts';
import type { RedisNode, RedisTls } from '../../sources/redis-source.ts';

/** One server, and the credentials for it. */
export interface RedisAddress extends RedisNode {
  /** Safe to print. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly database: number;
  readonly tls?: RedisTls;
}

// Files are read at every connect, so that a password or certificate can be changed without a restart.

/** @throws FeedError when the file cannot be read. */
export async function readPassword({ password, passwordFile, name }: RedisAddress): Promise<string | undefined> {
  const text = await readIfNamed(passwordFile, name, 'passwordFile');
  return text === undefined ? password : text.toString('utf8').split(/\r?\n/, 1)[0];
}

/** The TLS options of the client; undefined without TLS. @throws FeedError when a file cannot be read. */
export async function readTls({ tls, name, host }: RedisAddress) {
  if (tls === undefined) return undefined;
  const [ca, cert, key] = await Promise.all([
    readIfNamed(tls.caFile, name, 'ca'),
    readIfNamed(tls.certFile, name, 'cert'),
    readIfNamed(tls.keyFile, name, 'key'),
  ]);
  // The certificate must be valid for this host: that of the URL, or the one a Sentinel or cluster announced.
  return { host, ca, cert, key, servername: tls.serverName };
}

async function readIfNamed(path: string | undefined, name: string, parameter: string): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    const reason = errorCodeOf(error) ?? 'unexpected';
    throw new FeedError('unreachable', `${name}: the file that ${parameter} names cannot be read (${reason})`);
  }
}
