import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dieWithParent, until } from '@revocast/test-support';
import { type ActorMessage, settingsVariable } from '../actors/message.ts';
import type { LifeRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import type { Recorder } from './recorder.ts';

export interface ActorOptions {
  readonly who: string;
  readonly program: 'sidecar-main' | 'api-main' | 'express-main' | 'storm-main' | 'soak-api-main';
  /** Asked at every start, because a restarted process may be given something else. */
  readonly settings: (life: number) => object;
  readonly recorder: Recorder;
  /** Options of node itself. Default none. */
  readonly nodeArgs?: readonly string[];
  /** Told what the process says besides `started` and whether it is fresh. */
  readonly onMessage?: (message: object) => void;
}

/** A process of the suite: started, paused, killed and started again; the history records each of these. */
export class ActorProcess {
  readonly who: string;
  readonly #options: ActorOptions;
  #child: ChildProcess | undefined;
  #life = 0;
  #fresh = false;
  #lastErrors = '';

  constructor(options: ActorOptions) {
    this.who = options.who;
    this.#options = options;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What an API process said last; a sidecar never says. */
  get fresh(): boolean {
    return this.#fresh && this.running;
  }

  /** @throws Error with what it printed when it does not start. */
  async start(): Promise<void> {
    const { program, settings, nodeArgs = [], onMessage } = this.#options;
    this.#life += 1;
    const script = fileURLToPath(new URL(`../actors/${program}.js`, import.meta.url));
    const child = fork(script, [], {
      detached: true,
      execArgv: [...process.execArgv, ...nodeArgs],
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
    child.on('error', () => undefined); // a message to a process that has just ended
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#fresh = false;
    });
    const awaited = { what: `${this.who} to start`, timeoutMs: 20_000, everyMs: 5 };
    await until(() => started || !this.running, awaited).catch(() => undefined);
    if (started) return this.#note('started');
    const how = this.running ? 'did not say that it has started' : 'ended at once';
    await this.kill();
    throw new Error(`${this.who} ${how}:\n${this.#lastErrors}`);
  }

  tell(message: ActorMessage): void {
    if (this.#child?.connected) this.#child.send(message);
  }

  /** SIGKILL: nothing is said, nothing is closed by hand. */
  async kill(): Promise<void> {
    await this.#end('killed', (child) => child.kill('SIGKILL'));
  }

  /** In order, as at a deployment. */
  async stop(): Promise<void> {
    await this.#end('stopped', () => this.tell({ tell: 'stop' }));
  }

  pause(): void {
    this.#note('paused');
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
    this.#note('resumed');
  }

  async restart(): Promise<void> {
    if (this.running) await this.kill();
    await this.start();
  }

  async #end(event: 'killed' | 'stopped', end: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    // Not `once`: that one rejects when a message cannot be sent to a process that is just ending.
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    this.#note(event);
    end(child);
    const lastResort = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(lastResort);
  }

  #note(event: LifeRecord['event']): void {
    this.#options.recorder.write({ kind: 'life', who: this.who, life: this.#life, event, atMs: monotonicMs() });
  }
}
