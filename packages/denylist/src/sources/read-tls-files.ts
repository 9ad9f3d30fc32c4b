import { readFile } from 'node:fs/promises';
import { errorCodeOf } from '../error-code.ts';
import { FeedError } from '../log/feed.ts';
import type { TlsFiles } from './tls-files.ts';

/** Options of a TLS client. Named types, because an inferred one would need the types of a newer Node. */
export interface TlsOptions {
  readonly ca: Buffer | undefined;
  readonly cert: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly servername: string | undefined;
}

/** The options of a TLS client. @param name of the server, for errors. @throws FeedError when a file cannot be read. */
export async function readTlsFiles(
  { caFile, certFile, keyFile, serverName }: TlsFiles,
  name: string,
): Promise<TlsOptions> {
  const [ca, cert, key] = await Promise.all([
    readIfNamed(caFile, name, 'ca'),
    readIfNamed(certFile, name, 'cert'),
    readIfNamed(keyFile, name, 'key'),
  ]);
  return { ca, cert, key, servername: serverName };
}

/** @param parameter that names the file, for the error. @throws FeedError when the file cannot be read. */
export async function readIfNamed(
  path: string | undefined,
  name: string,
  parameter: string,
): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    const reason = errorCodeOf(error) ?? 'unexpected';
    throw new FeedError('unreachable', `${name}: the file that ${parameter} names cannot be read (${reason})`);
  }
}
