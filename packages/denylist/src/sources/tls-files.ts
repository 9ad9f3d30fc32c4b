import { readFile } from 'node:fs/promises';
import { errorCodeOf } from '../error-code.ts';
import { FeedError } from '../log/feed.ts';

/** Paths of PEM files, read at every connect, so that a renewed certificate is used. */
export interface TlsFiles {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** The name on the certificate, when it differs from the host. */
  readonly serverName?: string;
}

/** The parameters of a URL that name these files. */
export const tlsParameters: readonly string[] = ['ca', 'cert', 'key', 'servername'];

export function tlsFilesOf(parameter: (name: string) => string | undefined): TlsFiles {
  return {
    caFile: parameter('ca'),
    certFile: parameter('cert'),
    keyFile: parameter('key'),
    serverName: parameter('servername'),
  };
}

/** The options of a TLS client. @param name of the server, for errors. @throws FeedError when a file cannot be read. */
export async function readTlsFiles({ caFile, certFile, keyFile, serverName }: TlsFiles, name: string) {
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
