import { readFileSync } from 'node:fs';
import { jsonSchemaOf, type OptionTable } from '../config/option-table.ts';
import { printConfig, printProblems } from '../config/print.ts';
import type { ConfigSources, Resolved } from '../config/resolve-options.ts';
import type { ConfiguredCommand, PlainCommand } from './read-command.ts';

/** A program that runs as a service. */
export interface Program {
  /** As typed in a shell. */
  readonly name: string;
  readonly version: string;
  readonly options: OptionTable;
  /** The text of `--help`. */
  readonly printHelp: () => string;
}

/** Prints the answer to a command that needs no configuration. A mistake sets exit code 2. */
export function answerPlainCommand(command: PlainCommand, { name, version, options, printHelp }: Program): void {
  switch (command.name) {
    case 'help':
      process.stdout.write(printHelp());
      break;
    case 'version':
      process.stdout.write(`${version}\n`);
      break;
    case 'config schema':
      process.stdout.write(`${JSON.stringify(jsonSchemaOf(options), null, 2)}\n`);
      break;
    case 'mistake':
      process.stderr.write(`${command.message}\nTry: ${name} --help\n`);
      process.exitCode = 2;
      break;
  }
}

/** Where a program reads the configuration of a command. */
export function sourcesOf({ argv, configFile }: ConfiguredCommand<string>): ConfigSources {
  return { argv, configFile, environment: process.env, readFile: (path) => readFileSync(path, 'utf8') };
}

/**
 * Answers a command with a configuration: prints its mistakes and sets exit code 2, prints or confirms it, or passes it to
 * the command of that name in `commands`.
 */
export async function answerConfiguredCommand<Name extends string, Config extends object>(
  { name }: ConfiguredCommand<Name>,
  resolved: Resolved<Config>,
  {
    options,
    commands,
  }: {
    readonly options: OptionTable;
    readonly commands: Readonly<Record<Name | 'run', (config: Config) => Promise<void>>>;
  },
): Promise<void> {
  if (!resolved.ok) {
    process.stderr.write(printProblems(resolved.problems));
    process.exitCode = 2;
    return;
  }
  switch (name) {
    case 'config print':
      process.stdout.write(printConfig(resolved, options));
      break;
    case 'config validate':
      process.stdout.write('valid\n');
      break;
    default:
      await commands[name](resolved.config);
  }
}
