import { answerConfiguredCommand, answerPlainCommand, type Program, sourcesOf } from './commands/answer-command.ts';
import { readCommandLine } from './commands/command-line.ts';
import { printHelp } from './commands/help.ts';
import { init } from './commands/init.ts';
import { raiseSkew } from './commands/raise-skew.ts';
import { repair } from './commands/repair.ts';
import { run } from './commands/run.ts';
import { sidecarOptions as options } from './config/options.ts';
import { resolveConfig } from './config/resolve.ts';
import type { Config } from './config/schema.ts';
import { build } from './version.ts';

const program: Program = { name: 'revocast-sidecar', version: build.version, options, printHelp };

const commands = { run, init: exitWith(init), repair: exitWith(repair), 'raise-skew': exitWith(raiseSkew) };

/** Runs the command of the arguments of this process, and sets its exit code. */
export async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2), process.env['REVOCAST_CONFIG']);
  if (command.name === 'wait') process.exitCode = await (await import('./commands/wait.ts')).wait(command);
  else if ('argv' in command) {
    await answerConfiguredCommand(command, resolveConfig(sourcesOf(command)), { options, commands });
  } else answerPlainCommand(command, program);
}

function exitWith(command: (config: Config) => Promise<number>) {
  return async (config: Config) => {
    process.exitCode = await command(config);
  };
}
