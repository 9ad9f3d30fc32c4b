import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dieWithParent, until } from '@revocast/test-support';
import { type ActorMessage, settingsVariable } from '../actors/message.ts';
import type { LifeRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import type { Recorder } from './recorder.ts';

export interface ActorOptions {
  readonly who: string;
  readonly program:
    | 'sidecar-main'
    | 'api-main'
    | 'express-main'
    | 'streams-main'
    | 'storm-main'
    | 'soak-api-main'
    | 'issuer-main'
    | 'refresher-main';
  /** Called at each start, because the settings can change between two starts. */
  readonly settings: (life: number) => object;
  readonly recorder: Recorder;
  /** Command-line options of node. Default none. */
  readonly nodeArgs?: readonly string[];
  /** A command that starts the process, with its first arguments; node and its arguments follow. Default none. */
  readonly startedBy?: readonly string[];
  /** Receives the messages of the process other than `started` and `{ fresh }`. */
  readonly onMessage?: (message: object) => void;
}

/** A process of the suite that can be started, paused, killed and started again. The history records each event. */
export class ActorProcess {
  readonly who: string;
  readonly #options: ActorOptions;
  #child: ChildProcess | undefined;
  #life = 0;
  #fresh = false;
  #lastErrors = '';
  #isEnding = false;
  #unexpectedEnds: (NodeJS.Signals | number | null)[] = [];

  constructor(options: ActorOptions) {
    this.who = options.who;
    this.#options = options;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** The last state that an API process reported. Always false for a sidecar. */
  get fresh(): boolean {
    return this.#fresh && this.running;
  }

  /** The signal or exit code of each life that the suite did not end. */
  get unexpectedEnds(): readonly (NodeJS.Signals | number | null)[] {
    return this.#unexpectedEnds;
  }

  /** @throws Error with the last text of stderr when the process does not start. */
  async start(): Promise<void> {
    const { program, settings, nodeArgs = [], startedBy = [], onMessage } = this.#options;
    this.#life += 1;
    const script = fileURLToPath(new URL(`../actors/${program}.js`, import.meta.url));
    const [execPath = process.execPath, ...before] = startedBy;
    const node = startedBy.length === 0 ? [] : [process.execPath];
    this.#isEnding = false;
    const child = fork(script, [], {
      detached: true,
      execPath,
      execArgv: [...before, ...node, ...process.execArgv, ...nodeArgs],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, [settingsVariable]: JSON.stringify(settings(this.#life)) },
    });
    dieWithParent(child);
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastErrors = `${this.#lastErrors}${text}`.slice(-2000);
    });
    let started = false;
    child.on('message', (message: unknown) => {
      if (message === 'started') started = true;
      if (typeof message !== 'object' || message === null) return;
      if ('fresh' in message) this.#fresh = message.fresh === true;
      else onMessage?.(message);
    });
    child.on('error', () => undefined); // emitted for a message to a process that has just ended
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      if (!this.#isEnding) this.#endedByItself(signal ?? code);
      this.#child = undefined;
      this.#fresh = false;
    });
    const awaited = { what: `${this.who} to start`, timeoutMs: 20_000, everyMs: 5 };
    await until(() => started || !this.running, awaited).catch(() => undefined);
    if (started) return this.#note('started');
    const how = this.running ? 'did not report its start within 20 s' : 'ended during its start';
    await this.kill();
    throw new Error(`${this.who} ${how}:\n${this.#lastErrors}`);
  }

  tell(message: ActorMessage): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  /** SIGKILL: the process closes no connection and sends no last message. */
  async kill(): Promise<void> {
    await this.#end('killed', (child) => signal(child, 'SIGKILL'));
  }

  /** A graceful stop, as in a deployment. */
  async stop(): Promise<void> {
    await this.#end('stopped', () => this.tell({ tell: 'stop' }));
  }

  pause(): void {
    this.#note('paused');
    signal(this.#child, 'SIGSTOP');
  }

  resume(): void {
    signal(this.#child, 'SIGCONT');
    this.#note('resumed');
  }

  async restart(): Promise<void> {
    if (this.running) await this.kill();
    await this.start();
  }

  async #end(event: 'killed' | 'stopped', end: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    // Not events.once(): it rejects on 'error', which is emitted when the process ends before a message is sent.
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    this.#note(event);
    this.#isEnding = true;
    end(child);
    const forced = setTimeout(() => signal(child, 'SIGKILL'), 5000);
    await exited;
    clearTimeout(forced);
  }

  #endedByItself(how: NodeJS.Signals | number | null): void {
    this.#unexpectedEnds.push(how);
    this.#note('killed');
  }

  #note(event: LifeRecord['event']): void {
    this.#options.recorder.write({ kind: 'life', who: this.who, life: this.#life, event, atMs: monotonicMs() });
  }
}

/** To its group: the command that has started node does not pass signals on. */
function signal(child: ChildProcess | undefined, name: NodeJS.Signals): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // It has just ended.
  }
}
