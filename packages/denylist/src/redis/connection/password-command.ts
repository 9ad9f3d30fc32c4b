import { FeedError } from '../../log/feed.ts';

/** Milliseconds after which the command is killed. */
const limitMs = 5000;
/** A token of a cloud provider has a few thousand characters. */
const mostBytes = 64 * 1024;

/**
 * Runs a program that prints a password, without a shell. What it prints is in no error, and neither are its arguments.
 *
 * @returns the first line of its output.
 * @throws FeedError when it cannot be started, fails, takes too long or prints no password.
 */
export async function runPasswordCommand(
  [program = '', ...args]: readonly string[],
  name: string,
  timeoutMs = limitMs,
): Promise<string> {
  const fail = (code: 'no_permission' | 'timeout', found: string) =>
    new FeedError(code, `${name}: expected a password from the program that passwordCommand names; ${found}`);
  const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: mostBytes, windowsHide: true } as const;
  // Loaded only here: most connections need no other program.
  const { execFile } = await import('node:child_process');
  const printed = await new Promise<string>((resolve, reject) => {
    execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
        reject(fail('no_permission', `it printed more than ${mostBytes} bytes`));
      else if (error.killed) reject(fail('timeout', `it did not end within ${timeoutMs} ms`));
      // The message and the output of this error may contain the password.
      else reject(fail('no_permission', `it failed (${error.code ?? error.signal ?? 'unknown'})`));
    });
  });
  const [password = ''] = printed.split(/\r?\n/, 1);
  if (password === '') throw fail('no_permission', 'it printed an empty first line');
  return password;
}
