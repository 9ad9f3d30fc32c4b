import {
  answerConfiguredCommand,
  answerPlainCommand,
  type ConfigSources,
  type ConfiguredCommand,
  openLog,
  type Program,
  type Resolved,
  readCommand,
  resolveOptions,
  runUntilSignal,
  sourcesOf,
} from '@revocast/sidecar/service';
import { printHelp } from './commands/help.ts';
import { checkOptions } from './config/check-options.ts';
import { receiverOptions as options, type ReceiverConfig } from './config/receiver-options.ts';
import { findMissingFiles } from './config/source-files.ts';
import { createReceiver } from './create-receiver.ts';
import { build } from './version.ts';

const program: Program = { name: 'revocast-receiver', version: build.version, options, printHelp };

/** Runs the command of the arguments of this process, and sets its exit code. */
export async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), {
    options,
    configured: [],
    configVariable: process.env['REVOCAST_CONFIG'],
  });
  if ('argv' in command)
    await answerConfiguredCommand(command, resolveCommand(command), { options, commands: { run } });
  else answerPlainCommand(command, program);
}

/** The configuration of a receiver from command line, environment and file. */
export function resolveReceiver(sources: ConfigSources): Resolved<ReceiverConfig> {
  return resolveOptions(sources, { table: options, check: checkOptions });
}

/** `config print` shows a configuration also where its secrets are not mounted. */
function resolveCommand(command: ConfiguredCommand): Resolved<ReceiverConfig> {
  const resolved = resolveReceiver(sourcesOf(command));
  if (!resolved.ok || command.name === 'config print') return resolved;
  const problems = findMissingFiles(resolved.config.sources);
  return problems.length > 0 ? { ok: false, problems } : resolved;
}

async function run(config: ReceiverConfig): Promise<void> {
  const log = openLog({ component: 'receiver', level: config.logLevel });
  await runUntilSignal(() => createReceiver(config, { log }), log);
}
