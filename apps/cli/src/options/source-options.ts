import { type OpenedSource, openSource } from '@revocast/denylist/replica';
import { type Command, Option } from 'commander';
import { UsageError } from '../failure.ts';
import { hasCredentials } from '../output/redact.ts';
import { readFirstLine } from '../questions/read-secret.ts';
import type { World } from '../world.ts';

/** The options that name a log. */
export interface SourceOptions {
  readonly source?: string;
  readonly sourceFile?: string;
  readonly tokenFile?: string;
  readonly dangerouslyAllowHttp?: boolean;
}

export const defaultSidecar = 'http://127.0.0.1:7471';

/** @param what starts the description of `--source` in the help. */
export function addSourceOptions(command: Command, what: string): Command {
  command
    .option('--source <url>', `${what}: redis://…, rediss://… or a sidecar; without credentials (REVOCAST_SOURCE)`)
    .addOption(
      new Option(
        '--source-file <path>',
        'file whose first line is that URL, with credentials (REVOCAST_SOURCE_FILE)',
      ).conflicts('source'),
    );
  return addTokenFileOption(command);
}

export function addTokenFileOption(command: Command): Command {
  command.option(
    '--token-file <path>',
    'file whose first line is the bearer token of the sidecar (REVOCAST_TOKEN_FILE)',
  );
  return addAllowHttpOption(command);
}

/** Adds the option once, also to a command that names an issuer and a sidecar. */
export function addAllowHttpOption(command: Command): Command {
  const name = '--dangerously-allow-http';
  if (command.options.some(({ long }) => long === name)) return command;
  return command.option(name, 'allow plain http to an issuer, for tests, and to a sidecar on another host');
}

/**
 * The URL of the log: an option is used before the environment.
 *
 * @returns undefined when none is named.
 * @throws UsageError for a URL with credentials among the arguments: every user of the machine can read those. For an
 *         embedded log too: it belongs to one process, and a second one would open an empty log or take the first one's.
 */
export function readSourceUrl(options: SourceOptions, world: World): string | undefined {
  const { REVOCAST_SOURCE: variable, REVOCAST_SOURCE_FILE: fileVariable } = world.environment;
  const { source, sourceFile } = options;
  if (source !== undefined && hasCredentials(source)) {
    throw new UsageError(
      '--source: process lists show arguments; put a URL with credentials into REVOCAST_SOURCE or --source-file',
    );
  }
  const url =
    source ??
    (sourceFile && readFirstLine(sourceFile, '--source-file', world)) ??
    (variable || (fileVariable && readFirstLine(fileVariable, 'REVOCAST_SOURCE_FILE', world)) || undefined);
  if (url !== undefined && /^(memory|file):/.test(url)) {
    throw new UsageError('source: a memory: or file: log belongs to one process; name the sidecar that holds it');
  }
  return url;
}

export function readTokenFile({ tokenFile }: SourceOptions, { environment }: World): string | undefined {
  return tokenFile ?? (environment['REVOCAST_TOKEN_FILE'] || undefined);
}

/** Opens the named source, by default the local sidecar. It does not connect yet. @throws UsageError, ConfigurationError */
export async function openNamedSource(options: SourceOptions, world: World): Promise<OpenedSource> {
  const { clock, random } = world;
  const { dangerouslyAllowHttp } = options;
  const tokenFile = readTokenFile(options, world);
  return await openSource(readSourceUrl(options, world) ?? defaultSidecar, {
    clock,
    random,
    tokenFile,
    dangerouslyAllowHttp,
  });
}
