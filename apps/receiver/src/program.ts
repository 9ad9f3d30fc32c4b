import { readFileSync } from 'node:fs';
import {
  type ConfigSources,
  jsonSchemaOf,
  openLog,
  printConfig,
  printProblems,
  type Resolved,
  resolveOptions,
  runUntilSignal,
} from '@revocast/sidecar/service';
import { type Command, readCommandLine } from './commands/command-line.ts';
import { printHelp } from './commands/help.ts';
import { checkOptions } from './config/check-options.ts';
import { type ReceiverConfig, receiverOptions } from './config/receiver-options.ts';
import { findMissingFiles } from './config/source-files.ts';
import { createReceiver } from './create-receiver.ts';
import { build } from './version.ts';

/** Runs the command of the arguments of this process, and sets its exit code. */
export async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2), process.env['REVOCAST_CONFIG']);
  switch (command.name) {
    case 'help':
      process.stdout.write(printHelp());
      break;
    case 'version':
      process.stdout.write(`${build.version}\n`);
      break;
    case 'config schema':
      process.stdout.write(`${JSON.stringify(jsonSchemaOf(receiverOptions), null, 2)}\n`);
      break;
    case 'mistake':
      process.stderr.write(`${command.message}\nTry: revocast-receiver --help\n`);
      process.exitCode = 2;
      break;
    default: {
      const resolved = resolveReceiver({
        ...command,
        environment: process.env,
        readFile: (path) => readFileSync(path, 'utf8'),
      });
      const problems = resolved.ok ? unreadableFiles(command, resolved.config) : resolved.problems;
      if (!resolved.ok || problems.length > 0) {
        process.stderr.write(printProblems(problems));
        process.exitCode = 2;
      } else if (command.name === 'run') await run(resolved.config);
      else process.stdout.write(command.name === 'config print' ? printConfig(resolved, receiverOptions) : 'valid\n');
    }
  }
}

/** The configuration of a receiver from command line, environment and file. */
export function resolveReceiver(sources: ConfigSources): Resolved<ReceiverConfig> {
  return resolveOptions(sources, { table: receiverOptions, check: checkOptions });
}

/** `config print` shows a configuration also where its secrets are not mounted. */
function unreadableFiles({ name }: Command, { sources }: ReceiverConfig) {
  return name === 'config print' ? [] : findMissingFiles(sources);
}

async function run(config: ReceiverConfig): Promise<void> {
  const log = openLog({ component: 'receiver', level: config.logLevel });
  await runUntilSignal(() => createReceiver(config, { log }), log);
}
