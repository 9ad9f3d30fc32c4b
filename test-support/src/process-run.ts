import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from './die-with-parent.ts';

/** When a process is ready: a predicate for a line of its stdout, or a URL that answers 200. */
export type Readiness = ((line: string) => boolean) | { url: string };

/** The end of a run. `code` and `signal` are both null when the process could not be started. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunOptions {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  cwd: string | undefined;
  ready: Readiness;
  readyTimeoutMs: number;
  onLine(line: string, stream: 'stdout' | 'stderr'): void;
}

/** One run of a process. The supervisor does restarts. */
export class ProcessRun {
  /** Resolves with undefined when it is ready, or with the problem as a predicate of a sentence. Never rejects. */
  readonly ready: Promise<string | undefined>;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #isOver = false;
  #isReady = false;
  #startError: string | undefined;

  constructor(options: RunOptions) {
    const { command, args, env, cwd } = options;
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      // A separate process group, so that Ctrl-C ends only this process, which then stops the others in order.
      detached: process.platform !== 'win32',
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    dieWithParent(this.#child);
    this.exited = this.#exit();
    this.ready = this.#becomeReady(options);
  }

  /** Undefined after its end. */
  get pid(): number | undefined {
    return this.#isOver ? undefined : this.#child.pid;
  }

  /** Ready and not ended. */
  get isReady(): boolean {
    return this.#isReady && !this.#isOver;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends SIGTERM, and SIGKILL after `graceMs`. */
  async end(graceMs: number): Promise<Exit> {
    this.#child.kill('SIGTERM');
    this.#child.kill('SIGCONT'); // a stopped process does not see SIGTERM
    const forced = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(forced);
    return exit;
  }

  #exit(): Promise<Exit> {
    return new Promise((resolve) => {
      const over = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#isOver = true;
        resolve({ code, signal });
      };
      this.#child.once('exit', over);
      this.#child.on('error', (error) => {
        if (this.#child.pid !== undefined) return; // a signal that could not be sent
        this.#startError = error.message;
        over(null, null);
      });
    });
  }

  async #becomeReady({ ready, readyTimeoutMs, onLine }: RunOptions): Promise<string | undefined> {
    const settled = new AbortController();
    const { signal } = settled;
    const printed = this.#readLines(onLine, typeof ready === 'function' ? ready : () => false);
    const isReady = typeof ready === 'function' ? printed : answersOk(ready.url, signal);
    const tooLate = sleep(readyTimeoutMs, `was not ready after ${readyTimeoutMs} ms`, { signal });
    const problem = await Promise.race([isReady, tooLate, this.#ended()]).catch((error: unknown) => String(error));
    this.#isReady = problem === undefined;
    // The other promises reject after the abort; their results are not needed.
    for (const promise of [isReady, tooLate]) promise.catch(() => undefined);
    settled.abort();
    return problem;
  }

  async #ended(): Promise<string> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    const { code, signal } = await this.exited;
    if (this.#startError !== undefined) return `could not be started: ${this.#startError}`;
    // Waits for its last lines, but not longer than 200 ms: a grandchild can keep the pipe open.
    await Promise.race([closed, sleep(200)]);
    return `ended with ${code ?? signal}`;
  }

  #readLines(onLine: RunOptions['onLine'], isReady: (line: string) => boolean): Promise<undefined> {
    const { stdout, stderr } = this.#child;
    return new Promise((resolve, reject) => {
      if (stderr !== null) createInterface({ input: stderr }).on('line', (line) => onLine(line, 'stderr'));
      if (stdout === null) return;
      createInterface({ input: stdout }).on('line', (line) => {
        onLine(line, 'stdout');
        try {
          if (isReady(line)) resolve(undefined);
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}

async function answersOk(url: string, signal: AbortSignal): Promise<undefined> {
  for (;;) {
    const response = await fetch(url, { signal }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.status === 200) return undefined;
    await sleep(20, undefined, { signal });
  }
}
