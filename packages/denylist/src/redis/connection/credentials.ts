import { readIfNamed, readTlsFiles } from '../../sources/read-tls-files.ts';
import type { RedisNode } from '../../sources/redis-source.ts';
import type { TlsFiles } from '../../sources/tls-files.ts';
import { runPasswordCommand } from './password-command.ts';

/** One server, and the credentials for it. */
export interface RedisAddress extends RedisNode {
  /** Safe to print. */
  readonly name: string;
  readonly user?: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly passwordCommand?: readonly string[];
  readonly database: number;
  readonly tls?: TlsFiles;
}

// Files are read and the command is run at every connect, so that a password or certificate can be changed without a
// restart, and a token of a cloud provider may end after minutes.

/** @throws FeedError when the file cannot be read, or the command prints no password. */
export async function readPassword(address: RedisAddress): Promise<string | undefined> {
  const { password, passwordFile, passwordCommand, name } = address;
  if (passwordCommand !== undefined) return await runPasswordCommand(passwordCommand, name);
  const text = await readIfNamed(passwordFile, name, 'passwordFile');
  return text === undefined ? password : text.toString('utf8').split(/\r?\n/, 1)[0];
}

/** The TLS options of the client; undefined without TLS. @throws FeedError when a file cannot be read. */
export async function readTls({ tls, name, host }: RedisAddress) {
  // The certificate must be valid for this host: that of the URL, or the one a Sentinel or cluster announced.
  return tls && { host, ...(await readTlsFiles(tls, name)) };
}
