import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, ProcessRun, type Readiness } from './process-run.ts';
import { until } from './until.ts';

export type { Exit, Readiness } from './process-run.ts';

export interface SuperviseOptions {
  /** Name in error messages. */
  name: string;
  /** An executable. Exactly one of `command` and `script` is required. */
  command?: string;
  /** Path of a script for this Node. */
  script?: string;
  args?: readonly string[];
  /** Added to the environment of this process; `undefined` removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  ready: Readiness;
  /** Default 10000. */
  readyTimeoutMs?: number;
  /** Restarts it when it ends: after 50 ms, doubled for each run that did not become ready, at most 2 s. Default false. */
  restart?: boolean;
  /** 'inherit' prints its output; a function receives each line. Default: the output is used only in error messages. */
  stdio?: 'inherit' | ((line: string, stream: 'stdout' | 'stderr') => void);
}

interface SupervisedEvents {
  /** A run has ended. */
  exit: [exit: Exit];
  /** A restarted run has become ready. */
  ready: [];
}

/** A child process, which ends at the latest with this process. */
export interface Supervised {
  readonly name: string;
  /** Undefined between two runs and after the end. */
  readonly pid: number | undefined;
  /** The last 40 lines of stdout and stderr, over all runs. */
  readonly lastLines: readonly string[];
  /** The ends of all runs. */
  readonly exits: readonly Exit[];
  readonly events: EventEmitter<SupervisedEvents>;
  /** Resolves when the current or next run is ready. @throws Error after `timeoutMs`, or when no run follows. */
  whenReady(timeoutMs?: number): Promise<void>;
  /** Sends a signal. Resolves after the end of the process, or immediately for SIGSTOP, SIGCONT and the like. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Sends SIGTERM, and SIGKILL after `graceMs` (default 5000). Ends restarts. */
  stop(options?: { graceMs?: number }): Promise<Exit>;
}

/**
 * Starts a process and waits until it is ready.
 *
 * @throws Error with name, exit code and last lines when it ends or is not ready in time. Then the process has ended.
 */
export async function supervise(options: SuperviseOptions): Promise<Supervised> {
  const supervised = new SupervisedProcess(options);
  await supervised.start();
  return supervised;
}

const keptLines = 40;
const endsNothing = new Set<NodeJS.Signals>(['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']);

class SupervisedProcess implements Supervised {
  readonly name: string;
  readonly lastLines: string[] = [];
  readonly exits: Exit[] = [];
  readonly events = new EventEmitter<SupervisedEvents>();
  readonly #options: SuperviseOptions;
  readonly #stopping = new AbortController();
  #run: ProcessRun;
  /** Resolves when no further run follows. */
  #finished: Promise<Exit>;
  #isOver = false;

  constructor(options: SuperviseOptions) {
    if ((options.command === undefined) === (options.script === undefined)) {
      throw new TypeError(`${options.name}: expected exactly one of command and script`);
    }
    this.#options = options;
    this.name = options.name;
    this.#run = this.#startRun();
    this.#finished = this.#run.exited;
  }

  get pid(): number | undefined {
    return this.#run.pid;
  }

  async start(): Promise<void> {
    const problem = await this.#run.ready;
    if (problem !== undefined) {
      await this.#run.end(0);
      throw this.#failure(problem);
    }
    this.#finished = this.#keepRunning();
  }

  async whenReady(timeoutMs = this.#options.readyTimeoutMs ?? 10_000): Promise<void> {
    const settled = (): boolean => this.#run.isReady || this.#isOver;
    await until(settled, { timeoutMs, everyMs: 5, what: this.name }).catch(() => undefined);
    if (this.#run.isReady) return;
    throw this.#failure(this.#isOver ? 'has ended and is not restarted' : `was not ready after ${timeoutMs} ms`);
  }

  async kill(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const run = this.#run;
    run.signal(signal);
    if (!endsNothing.has(signal)) await run.exited;
  }

  async stop({ graceMs = 5000 }: { graceMs?: number } = {}): Promise<Exit> {
    this.#stopping.abort();
    await this.#run.end(graceMs);
    return this.#finished;
  }

  async #keepRunning(): Promise<Exit> {
    const { signal } = this.#stopping;
    const { restart = false } = this.#options;
    for (let failures = 0; ; ) {
      const exit = await this.#run.exited;
      this.exits.push(exit);
      this.events.emit('exit', exit);
      if (restart) await sleep(Math.min(2000, 50 * 2 ** failures), undefined, { signal }).catch(() => undefined);
      if (!restart || signal.aborted) {
        this.#isOver = true;
        return exit;
      }
      this.#run = this.#startRun();
      if ((await this.#run.ready) === undefined) {
        failures = 0;
        this.events.emit('ready');
      } else {
        failures += 1;
        await this.#run.end(0);
      }
    }
  }

  #startRun(): ProcessRun {
    const { script, command = process.execPath, args = [], env = {}, cwd, ready } = this.#options;
    const { readyTimeoutMs = 10_000, stdio } = this.#options;
    const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
      this.lastLines.push(line);
      if (this.lastLines.length > keptLines) this.lastLines.shift();
      if (stdio === 'inherit') process[stream].write(`${line}\n`);
      else stdio?.(line, stream);
    };
    const allArgs = script === undefined ? args : [script, ...args];
    return new ProcessRun({ command, args: allArgs, env, cwd, ready, readyTimeoutMs, onLine });
  }

  #failure(problem: string): Error {
    const lines = this.lastLines.map((line) => `  ${line}`).join('\n');
    return new Error(`${this.name} ${problem}; its last lines:\n${lines || '  (none)'}`);
  }
}
