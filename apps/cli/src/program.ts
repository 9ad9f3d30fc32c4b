import { Command } from 'commander';
import { addDoctor, type DoctorOptions, doctor } from './commands/doctor.ts';
import { addExplain, type ExplainOptions, explain } from './commands/explain.ts';
import { addLift, type LiftOptions, lift } from './commands/lift.ts';
import { addRevoke, type RevokeOptions, revoke } from './commands/revoke.ts';
import { addStatus, type StatusOptions, status } from './commands/status.ts';
import { addTail, type TailOptions, tail } from './commands/tail.ts';
import type { ExitCode } from './exit-codes.ts';
import { redact } from './redact.ts';
import { readVersion } from './version.ts';
import type { World } from './world.ts';

/** Every command with its options, for `--help`, for the document and for running. @param ended takes the exit code. */
export function createProgram(world: World, ended: (code: ExitCode) => void): Command {
  const program = new Command('revocast')
    .description('For operators of Revocast: finds what is wrong, revokes, lifts and follows the revocation log.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError(true)
    .showHelpAfterError('Try: revocast --help')
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      // It quotes what was typed, and that may be a secret in the wrong place.
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
  1  something is wrong: a check failed, a revocation was refused or is not enforced everywhere
  2  the command line, the environment or a file named there is wrong; nothing was sent
  3  what was to be asked cannot be reached

Secrets come from files or the environment, never from arguments: REVOCAST_SOURCE, REVOCAST_SOURCE_FILE,
REVOCAST_TOKEN_FILE. NO_COLOR switches colours off.`,
    );
  addDoctor(program).action(async (options: DoctorOptions) => ended(await doctor(options, world)));
  addStatus(program).action(async (options: StatusOptions) => ended(await status(options, world)));
  addExplain(program).action(async (token: string | undefined, options: ExplainOptions) =>
    ended(await explain(token, options, world)),
  );
  addRevoke(program).action(async (options: RevokeOptions) => ended(await revoke(options, world)));
  addLift(program).action(async (options: LiftOptions) => ended(await lift(options, world)));
  addTail(program).action(async (options: TailOptions) => ended(await tail(options, world)));
  for (const command of program.commands) command.helpOption('-h, --help', 'print help');
  return program;
}
