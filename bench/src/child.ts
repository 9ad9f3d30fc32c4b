import { type ChildProcess, fork } from 'node:child_process';
import { dieWithParent } from '@revocast/test-support';
import { readSaid, type Said } from './said.ts';

/** A process of the bench: one order in, answers out. */
export interface Child {
  /** Says something and waits for what comes back. @throws when it failed or ended instead. */
  ask(message: object | string): Promise<Said>;
  end(): void;
}

/** Starts a program of the bench in a process of its own, which ends with this one at the latest. */
export function startChild(program: URL, execArgv: readonly string[] = []): Child {
  const child = fork(program, {
    execArgv: [...execArgv],
    // stdout is the table's, or the object's.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  dieWithParent(child);
  return childOver(child);
}

export function childOver(child: ChildProcess): Child {
  return {
    ask: (message) =>
      new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          child.off('message', hear);
          child.off('exit', gone);
          end();
        };
        const hear = (answer: unknown) => {
          const said = readSaid(answer);
          const { failed } = said;
          settle(() => (failed === undefined ? resolve(said) : reject(new Error(String(failed)))));
        };
        const gone = (code: number | null) => settle(() => reject(new Error(`a process ended with ${code}`)));
        child.on('message', hear);
        child.on('exit', gone);
        child.send(message);
      }),
    end: () => void child.kill('SIGKILL'),
  };
}
