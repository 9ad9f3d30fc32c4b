import { readVersion } from '@revocast/denylist/replica';
import { Command } from 'commander';
import { addDigests, type DigestsOptions, digests } from './commands/digests.ts';
import { addDoctor, doctor } from './commands/doctor.ts';
import { addExplain, type ExplainOptions, explain } from './commands/explain.ts';
import { addLift, lift } from './commands/lift.ts';
import { addRevoke, revoke } from './commands/revoke.ts';
import { addStatus, status } from './commands/status.ts';
import { addTail, tail } from './commands/tail.ts';
import type { ExitCode } from './exit-codes.ts';
import { redact } from './output/redact.ts';
import type { World } from './world.ts';

/** All commands with their options: used for running, for `--help` and to check docs/cli.md. @param ended receives the exit code. */
export function createProgram(world: World, ended: (code: ExitCode) => void): Command {
  const program = new Command('revocast')
    .description(
      'For operators of Revocast: diagnoses problems, explains tokens, revokes, lifts and follows the revocation log.',
    )
    .version(readVersion(new URL('../package.json', import.meta.url)), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('Try: revocast --help')
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      // Commander quotes arguments, and an argument may be a misplaced secret.
      writeErr: (text) => world.stderr.write(redact(text)),
      getOutHelpWidth: () => world.stdout.columns ?? 100,
      getErrHelpWidth: () => world.stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes:
  0  done, and nothing is wrong
  1  something is wrong: a check failed, a token or a revocation was refused, or it is not enforced everywhere
  2  the command line, the environment or a named file is wrong; nothing was sent
  3  a server could not be reached or did not answer

Secrets come from files or the environment, never from arguments: REVOCAST_SOURCE, REVOCAST_SOURCE_FILE,
REVOCAST_TOKEN_FILE. NO_COLOR switches colours off.`,
    );
  const add = <Options>(command: Command, run: (options: Options, world: World) => Promise<ExitCode>) =>
    command.action(async (options: Options) => ended(await run(options, world)));
  add(addDoctor(program), doctor);
  add(addStatus(program), status);
  addExplain(program).action(async (token: string | undefined, options: ExplainOptions) =>
    ended(await explain(token, options, world)),
  );
  addDigests(program).action(async (token: string | undefined, options: DigestsOptions) =>
    ended(await digests(token, options, world)),
  );
  add(addRevoke(program), revoke);
  add(addLift(program), lift);
  add(addTail(program), tail);
  for (const command of program.commands) command.helpOption('-h, --help', 'print help');
  return program;
}
