import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent } from '../die-with-parent.ts';
import { freePort, isPortFree } from '../free-port.ts';
import { findRedisServer, type RedisBinaries } from './find-redis-server.ts';
import { isServing } from './redis-ping.ts';

export { type FindRedisOptions, findRedisServer, type RedisBinaries } from './find-redis-server.ts';

export interface StartRedisOptions {
  /** Default: a free port. */
  port?: number;
  /** Directives of redis.conf with their values as in that file; an array for several lines of one directive. */
  config?: Readonly<Record<string, string | readonly string[]>>;
  /** Data directory, which `stop()` keeps. Default: a temporary directory, which `stop()` removes. */
  dir?: string;
  /** Starts as a replica of this server. */
  replicaOf?: { host: string; port: number };
  /** Starts as a Sentinel, which serves no data. */
  sentinel?: boolean;
  /** Default: the result of `findRedisServer()`. */
  binaries?: RedisBinaries;
  /** Maximum time until the first answer to PING. Default 10000. */
  readyTimeoutMs?: number;
}

/** A Redis on 127.0.0.1, which ends at the latest with this process. */
export interface RedisServer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  readonly dir: string;
  /** Sends SIGTERM, and SIGKILL after five seconds, and removes a temporary `dir`. Has no effect when it is down. */
  stop(): Promise<void>;
  /** Sends SIGKILL. Keeps the data directory, for `restart()`. */
  kill(): Promise<void>;
  /** Sends SIGSTOP: connections stay open without answers. */
  pause(): void;
  /** Sends SIGCONT. */
  resume(): void;
  /** Stops it if it runs, and starts it with the same port, data directory and configuration. Empty without persistence. */
  restart(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Starts a server and waits until it answers PING. Persistence is off unless `config` enables it.
 *
 * @throws Error with the last lines of its log when it ends or does not answer in time.
 */
export async function startRedis(options: StartRedisOptions = {}): Promise<RedisServer> {
  const binaries = options.binaries ?? (await findRedisServer());
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'revocast-redis-')));
  for (let attempt = 1; ; attempt += 1) {
    const server = new OwnRedis(binaries, dir, options.port ?? (await freePort()), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      // Another process can take a free port before the server binds it, and give it up again.
      const wasTaken = String(error).includes('Address already in use') || !(await isPortFree(server.port));
      if (options.port !== undefined || attempt === 5 || !wasTaken) throw error;
    }
  }
}

class OwnRedis implements RedisServer {
  readonly host = host;
  readonly port: number;
  readonly dir: string;
  readonly #binaries: RedisBinaries;
  readonly #options: StartRedisOptions;
  #child: ChildProcess | undefined;
  #configured = false;

  constructor(binaries: RedisBinaries, dir: string, port: number, options: StartRedisOptions) {
    this.#binaries = binaries;
    this.#options = options;
    this.dir = dir;
    this.port = port;
  }

  get url(): string {
    return `redis://${host}:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await mkdir(this.dir, { recursive: true });
    const configFile = join(this.dir, 'redis.conf');
    // Written once, so that a restart uses the configuration saved by CONFIG REWRITE, as in production.
    if (!this.#configured || !existsSync(configFile)) await writeFile(configFile, this.#configText());
    this.#configured = true;
    await this.#start(configFile);
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    if (this.#options.dir === undefined) await rm(this.dir, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async #start(configFile: string): Promise<void> {
    const logPath = join(this.dir, 'redis.log');
    const log = await open(logPath, 'w');
    const mode = this.#options.sentinel === true ? ['--sentinel'] : [];
    // Detached, so that Ctrl-C ends only this process, which then stops the server.
    const child = spawn(this.#binaries.server, [configFile, ...mode], {
      cwd: this.dir,
      detached: true,
      env: { ...process.env, ...this.#binaries.env },
      stdio: ['ignore', log.fd, log.fd],
    });
    const failure = once(child, 'error').then(([error]) => String(error));
    const exit = once(child, 'exit').then(([code, signal]) => `it ended with ${code ?? signal}`);
    const ended = Promise.race([failure, exit]);
    dieWithParent(child);
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    // Before the first await, so that the `exit` listener above can reset it.
    this.#child = child;
    await log.close();

    const timeoutMs = this.#options.readyTimeoutMs ?? 10_000;
    const problem = await Promise.race([ended, this.#serving(child, timeoutMs)]);
    if (problem === undefined) return;
    await this.#end('SIGKILL');
    const lastLines = (await readFile(logPath, 'utf8')).trim().split('\n').slice(-8).join('\n');
    throw new Error(`redis-server on port ${this.port} did not start: ${problem}\n${lastLines}`);
  }

  /** Resolves with undefined when the server answers, or with the problem. */
  async #serving(child: ChildProcess, timeoutMs: number): Promise<string | undefined> {
    const endsAt = performance.now() + timeoutMs;
    const password = this.#options.config?.['requirepass'];
    const target = { host, port: this.port, pid: child.pid };
    while (child.exitCode === null && child.signalCode === null && performance.now() < endsAt) {
      // With the pid, because another server can answer on the port when this one failed to bind it.
      if (await isServing({ ...target, password: typeof password === 'string' ? password : undefined }))
        return undefined;
      await sleep(5);
    }
    return `it did not answer PING within ${timeoutMs} ms`;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.pid === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT'); // a stopped process does not see SIGTERM
    const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(forced);
  }

  #configText(): string {
    const { config = {}, replicaOf } = this.#options;
    const directives: Record<string, string | readonly string[]> = {
      bind: host,
      port: String(this.port),
      dir: `"${this.dir}"`,
      save: '""',
      appendonly: 'no',
      // Without this, a primary waits five seconds for further replicas before the first copy.
      'repl-diskless-sync-delay': '0',
      ...(replicaOf === undefined ? {} : { replicaof: `${replicaOf.host} ${replicaOf.port}` }),
      ...config,
    };
    const lines = Object.entries(directives).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name} ${value === '' ? '""' : value}\n`),
    );
    return lines.join('');
  }
}
