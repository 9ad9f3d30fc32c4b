import { type ChildProcess, fork } from 'node:child_process';
import { dieWithParent } from '@revocast/test-support';
import { type Message, readMessage } from './message.ts';

/** A child process of the bench. */
export interface Child {
  /** Sends a message and waits for the answer. @throws when the child reports a failure or ends. */
  ask(message: object | string): Promise<Message>;
  end(): void;
}

/** Starts a program of the bench in a child process, which ends at the latest with this process. */
export function startChild(program: URL, execArgv: readonly string[] = []): Child {
  const child = fork(program, {
    execArgv: [...execArgv],
    // stdout holds only the tables or the JSON object of the bench.
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
          child.off('message', receive);
          child.off('exit', gone);
          end();
        };
        const receive = (message: unknown) => {
          const answer = readMessage(message);
          const { failed } = answer;
          settle(() => (failed === undefined ? resolve(answer) : reject(new Error(String(failed)))));
        };
        const gone = (code: number | null) =>
          settle(() => reject(new Error(`a process of the bench ended with exit code ${code} before its answer`)));
        child.on('message', receive);
        child.on('exit', gone);
        child.send(message);
      }),
    end: () => void child.kill('SIGKILL'),
  };
}
