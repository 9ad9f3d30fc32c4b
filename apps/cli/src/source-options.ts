import { type OpenedSource, openSource } from '@revocast/denylist/replica';
import { type Command, Option } from 'commander';
import { UsageError } from './failure.ts';
import { hasCredentials } from './redact.ts';
import type { World } from './world.ts';

/** Where a log is, as an operator may say it. */
export interface SourceOptions {
  readonly source?: string;
  readonly sourceFile?: string;
  readonly tokenFile?: string;
}

export const defaultSidecar = 'http://127.0.0.1:7471';

/** @param what is done there, for the help. */
export function addSourceOptions(command: Command, what: string): Command {
  return command
    .option('--source <url>', `${what}: redis://…, rediss://… or a sidecar; no credentials here (REVOCAST_SOURCE)`)
    .addOption(
      new Option(
        '--source-file <path>',
        'file whose first line is that URL, credentials and all (REVOCAST_SOURCE_FILE)',
      ).conflicts('source'),
    )
    .option('--token-file <path>', 'file whose first line is the bearer token of the sidecar (REVOCAST_TOKEN_FILE)');
}

/**
 * The URL that was meant: option before environment before `fallback`.
 *
 * @throws UsageError for credentials among the arguments, where every user of the machine can read them.
 */
export function readSourceUrl(options: SourceOptions, world: Pick<World, 'environment' | 'readFile'>) {
  const { environment } = world;
  if (options.source !== undefined) {
    if (hasCredentials(options.source)) {
      throw new UsageError(
        '--source: arguments show up in process lists; put a URL with credentials into REVOCAST_SOURCE or --source-file',
      );
    }
    return options.source;
  }
  if (options.sourceFile !== undefined) return readFirstLine(options.sourceFile, '--source-file', world);
  const { REVOCAST_SOURCE: url, REVOCAST_SOURCE_FILE: path } = environment;
  if (url !== undefined && url !== '') return url;
  if (path !== undefined && path !== '') return readFirstLine(path, 'REVOCAST_SOURCE_FILE', world);
  return undefined;
}

export function readTokenFile({ tokenFile }: SourceOptions, { environment }: Pick<World, 'environment'>) {
  return tokenFile ?? (environment['REVOCAST_TOKEN_FILE'] || undefined);
}

/** Opens what the options name, else the sidecar beside. Nothing is connected yet. @throws UsageError, ConfigurationError */
export async function openNamedSource(options: SourceOptions, world: World): Promise<OpenedSource> {
  const url = refuseEmbedded(readSourceUrl(options, world) ?? defaultSidecar);
  const tokenFile = readTokenFile(options, world);
  const { clock, random } = world;
  return await openSource(url, { clock, random, tokenFile });
}

/** An embedded log belongs to one process: opened by a second one it is empty, or taken away from the first. @throws UsageError */
export function refuseEmbedded(url: string): string {
  if (/^(memory|file):/.test(url)) {
    throw new UsageError('source: a memory: or file: log belongs to one process; name the sidecar that has it');
  }
  return url;
}

/** @param option names the place in the message; the content is never shown. */
export function readFirstLine(path: string, option: string, { readFile }: Pick<World, 'readFile'>): string {
  let text: string;
  try {
    text = readFile(path);
  } catch {
    throw new UsageError(`${option}: cannot read ${path}`);
  }
  const line = text.split(/\r?\n/, 1)[0]?.trim() ?? '';
  if (line === '') throw new UsageError(`${option}: the first line of ${path} is empty`);
  return line;
}
