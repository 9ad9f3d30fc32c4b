import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/**
 * Ends a child process when this process ends, in any way: return, throw, SIGTERM or `kill -9`.
 *
 * A small guard process reads a pipe that only this process holds open. When this process ends, the kernel closes the
 * pipe, and the guard kills the child, also a stopped one (SIGSTOP). Exit handlers are not sufficient: they do not run
 * after a SIGKILL, and in jest `process` is a copy that never emits `exit`.
 *
 * Start the child with `detached: true`, so that its whole process group is killed. The guard ends with the child and
 * does not keep the event loop alive.
 */
export function dieWithParent(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return; // not started; its `error` event has the cause
  const [command, ...args] = guardCommand(pid, process.platform);
  // Detached, so that Ctrl-C in the terminal does not end the guard.
  const guard = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, windowsHide: true });
  guard.on('error', (error) => process.emitWarning(`no guard for process ${pid}: ${error.message}`));
  guard.stdin?.on('error', () => undefined);
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  // Immediately, before the kernel reuses the pid for another process.
  child.once('exit', () => guard.kill('SIGKILL'));
}

/** The command of the guard: reads until the pipe closes, then kills the process group of `pid`, or `pid` on Windows. */
export function guardCommand(pid: number, platform: NodeJS.Platform): [command: string, ...args: string[]] {
  if (platform === 'win32') {
    const script = `process.stdin.on('end', () => { try { process.kill(${pid}, 'SIGKILL') } catch {} }).resume()`;
    return [process.execPath, '-e', script];
  }
  // A shell, because a Node process for each child would need 40 MB.
  return ['/bin/sh', '-c', 'read -r _; kill -s KILL -- "-$1" || kill -s KILL "$1"', 'guard', String(pid)];
}
