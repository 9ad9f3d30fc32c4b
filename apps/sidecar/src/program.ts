import { readFileSync } from 'node:fs';
import { readCommandLine } from './commands/command-line.ts';
import { printHelp } from './commands/help.ts';
import { init } from './commands/init.ts';
import { raiseSkew } from './commands/raise-skew.ts';
import { repair } from './commands/repair.ts';
import { run } from './commands/run.ts';
import { configJsonSchema, sidecarOptions } from './config/options.ts';
import { printConfig, printProblems } from './config/print.ts';
import { resolveConfig } from './config/resolve.ts';
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
      process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
      break;
    case 'mistake':
      process.stderr.write(`${command.message}\nTry: revocast-sidecar --help\n`);
      process.exitCode = 2;
      break;
    case 'wait':
      process.exitCode = await (await import('./commands/wait.ts')).wait(command);
      break;
    default: {
      const resolved = resolveConfig({
        ...command,
        environment: process.env,
        readFile: (path) => readFileSync(path, 'utf8'),
      });
      if (!resolved.ok) {
        process.stderr.write(printProblems(resolved.problems));
        process.exitCode = 2;
      } else if (command.name === 'run') {
        await run(resolved.config);
      } else if (command.name === 'init') process.exitCode = await init(resolved.config);
      else if (command.name === 'repair') process.exitCode = await repair(resolved.config);
      else if (command.name === 'raise-skew') process.exitCode = await raiseSkew(resolved.config);
      else process.stdout.write(command.name === 'print-config' ? printConfig(resolved, sidecarOptions) : 'valid\n');
    }
  }
}
