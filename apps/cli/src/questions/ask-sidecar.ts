import { parseSource } from '@revocast/denylist/replica';
import { UsageError } from '../failure.ts';
import type { World } from '../world.ts';
import { type Got, getText } from './get-text.ts';
import { readFirstLine } from './read-secret.ts';

export interface SidecarAddress {
  /** The data listener. */
  readonly url: string;
  /** The option that named it, for errors. */
  readonly option: string;
  readonly tokenFile?: string;
  readonly dangerouslyAllowHttp?: boolean;
  readonly timeoutMs: number;
}

/**
 * Questions to the data listener of one sidecar: with its bearer token, and with the certificates that its URL names.
 *
 * @throws ConfigurationError for plain http to another host without `dangerouslyAllowHttp` · UsageError for another kind
 *         of URL, and for a token file that cannot be read.
 */
export function askSidecar(address: SidecarAddress, world: Pick<World, 'readFile'>): (path: string) => Promise<Got> {
  const { url, option, tokenFile, timeoutMs } = address;
  const source = parseSource(url, option, address);
  if (source.kind !== 'http') {
    throw new UsageError(`${option}: expected the http: or https: URL of a sidecar, or its socket unix:/path`);
  }
  const headers: Record<string, string> = {};
  if (tokenFile !== undefined) headers['authorization'] = `Bearer ${readFirstLine(tokenFile, '--token-file', world)}`;
  return (path) => getText({ source, path, timeoutMs, headers });
}
