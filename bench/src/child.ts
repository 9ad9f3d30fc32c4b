import { type ChildProcess, fork } from 'node:child_process';
import { dieWithParent } from '@revocast/test-support';

/** What one process of the bench said to another. */
export type Said = Readonly<Record<string, unknown>>;

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

/** The other end: does what is asked, one thing after the other, and says what came of it. */
export function answerParent(answer: (message: unknown) => Promise<object> | object): void {
  process.on('message', (message) => {
    void (async () => answer(message))().then(
      (said) => process.send?.(said),
      (error: unknown) => process.send?.({ failed: error instanceof Error ? error.stack : 'unknown failure' }),
    );
  });
}

export function readSaid(message: unknown): Said {
  return typeof message === 'object' && message !== null ? { ...message } : {};
}

export function numberIn(said: Said, name: string): number {
  const value = said[name];
  if (typeof value !== 'number') throw new Error(`expected a number ${name}`);
  return value;
}

export function textIn(said: Said, name: string): string {
  const value = said[name];
  if (typeof value !== 'string') throw new Error(`expected a text ${name}`);
  return value;
}
