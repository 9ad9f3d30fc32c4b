import { CommanderError } from 'commander';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { failureOf } from './failure.ts';
import { paintFor } from './output/paint.ts';
import { cleanWorld, printable } from './output/printable.ts';
import { createProgram } from './program.ts';
import type { World } from './world.ts';

/**
 * Runs one command line to its end.
 *
 * @param argv the arguments after the name of the program.
 * @returns the exit code. Never rejects: an unexpected error is reported as a bug, with its place in the code.
 */
export async function run(argv: readonly string[], outside: World): Promise<ExitCode> {
  const world = cleanWorld(outside);
  let exitCode: ExitCode = exitCodes.ok;
  const program = createProgram(world, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander throws after `--help` and `--version` too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    return reportFailure(error, argv, world);
  }
}

function reportFailure(error: unknown, argv: readonly string[], { stdout, stderr, environment }: World): ExitCode {
  const failure = failureOf(error);
  if (failure === undefined) {
    stderr.write(describeBug(error));
    return exitCodes.problem;
  }
  const { exitCode, code, message, id } = failure;
  if (argv.includes('--json')) {
    stdout.write(`${JSON.stringify({ error: { code, message, id } })}\n`);
    return exitCode;
  }
  const retry = id === undefined ? '' : `\nretry with: ${argv[0] === 'lift' ? '--lift-id' : '--id'} ${id}`;
  stderr.write(`${paintFor(stderr, environment)('red', 'error')}: ${printable(message)}${retry}\n`);
  return exitCode;
}

/** Without the message, which may quote a URL or a token. */
function describeBug(error: unknown): string {
  const { name, stack = '' } = error instanceof Error ? error : { name: typeof error };
  const frames = stack.match(/^\s+at .*$/gm)?.slice(0, 5) ?? [];
  return `bug: ${name}\n${frames.join('\n')}\n`;
}
