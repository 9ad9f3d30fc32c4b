import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type Failure, failureOf } from './failure.ts';
import { paintFor } from './paint.ts';
import { createProgram } from './program.ts';
import type { World } from './world.ts';

/**
 * Runs one command line to its end.
 *
 * @param argv what follows the name of the program.
 * @returns the exit code. Never rejects: an error that nobody foresaw is told as a bug, by the place where it arose.
 */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram(world, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end by a throw too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const failure = failureOf(error);
    if (failure === undefined) return tellBug(error, world);
    tell(failure, { json: argv.includes('--json'), idFlag: argv[0] === 'lift' ? '--lift-id' : '--id' }, world);
    return failure.exitCode;
  }
}

interface Telling {
  readonly json: boolean;
  /** By which a retry is recognised. */
  readonly idFlag: string;
}

function tell({ code, message, id }: Failure, { json, idFlag }: Telling, { stdout, stderr, environment }: World): void {
  if (json) {
    stdout.write(`${JSON.stringify({ error: { code, message, id } })}\n`);
    return;
  }
  const retry = id === undefined ? '' : `\nretry with: ${idFlag} ${id}`;
  stderr.write(`${paintFor(stderr, environment)('red', 'error')}: ${message}${retry}\n`);
}

/** The message may quote a URL or a token; the frames tell where to look. */
function tellBug(error: unknown, { stderr }: World): ExitCode {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.match(/^\s+at .*$/gm)?.slice(0, 5) ?? [];
  stderr.write(`bug: ${error instanceof Error ? error.name : typeof error}\n${frames.join('\n')}\n`);
  return exitCodes.problem;
}
