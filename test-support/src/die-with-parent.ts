import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Makes sure that a child process does not outlive this one, however this one ends: return, throw, SIGTERM or `kill -9`.
 *
 * A small guard process waits on a pipe that only we hold open. The kernel closes it when we are gone, and the guard
 * kills the child, a stopped (SIGSTOP) one too. Exit handlers would not do: nothing runs them after a SIGKILL, and a test
 * runner's sandbox hands out a copy of `process` that never emits `exit`.
 *
 * The child should be started with `detached: true`; its whole process group is killed then. The guard ends with the
 * child and does not keep the event loop alive.
 */
export function dieWithParent(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return; // it never started: its `error` event says why
  const [command, ...args] = guardCommand(pid, process.platform);
  // A session of its own: Ctrl-C in the terminal must reach us, not the guard.
  const guard = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, windowsHide: true });
  guard.on('error', (error) => process.emitWarning(`no guard for process ${pid}: ${error.message}`));
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  // At once, before the kernel gives the number to another process.
  child.once('exit', () => guard.kill('SIGKILL'));
}

/** The guard: reads until the pipe closes, then kills the process group of `pid`, or `pid` alone where there are none. */
export function guardCommand(pid: number, platform: NodeJS.Platform): [command: string, ...args: string[]] {
  if (platform === 'win32') {
    const script = `process.stdin.on('end', () => { try { process.kill(${pid}, 'SIGKILL') } catch {} }).resume()`;
    return [process.execPath, '-e', script];
  }
  // A shell, because a second Node process for each child would cost 40 MB.
  return ['/bin/sh', '-c', 'read -r _; kill -s KILL -- "-$1" || kill -s KILL "$1"', 'guard', String(pid)];
}
