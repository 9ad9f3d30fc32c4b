import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dieWithParent } from '../die-with-parent.ts';
import { freePort, isPortFree } from '../free-port.ts';
import { findPostgres, type PostgresBinaries } from './find-postgres.ts';
import { acceptsSessions } from './postgres-ping.ts';
import { serverUser } from './server-user.ts';

export { type FindPostgresOptions, findPostgres, type PostgresBinaries } from './find-postgres.ts';

export interface StartPostgresOptions {
  /** Settings of postgresql.conf. By default a crash of the machine may lose data: `fsync` is off. */
  readonly config?: Readonly<Record<string, string>>;
  /** Starts as a standby without a primary: it only reads, and has no tables. Default false. */
  readonly isStandby?: boolean;
  /** Default: the result of `findPostgres()`. */
  readonly binaries?: PostgresBinaries;
  /** Maximum time until it accepts a session. Default 30,000. */
  readonly readyTimeoutMs?: number;
}

/** A PostgreSQL on 127.0.0.1, which ends at the latest with this process. It asks for no password. */
export interface PostgresServer {
  /** `postgres://revocast@127.0.0.1:…/postgres`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Undefined while it is down. */
  readonly pid: number | undefined;
  /** Ends all sessions, and removes the data. Has no effect when it is down. */
  stop(): Promise<void>;
  /** Sends SIGKILL. Keeps the data, for `restart()`. */
  kill(): Promise<void>;
  /** Stops it if it runs, and starts it with the same port and data. */
  restart(): Promise<void>;
}

const run = promisify(execFile);
const host = '127.0.0.1';
const user = 'revocast';
const quick = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_connections: '100',
  // No file outside the data directory.
  unix_socket_directories: '',
  listen_addresses: host,
  logging_collector: 'off',
};

/**
 * Makes a database, starts its server and waits until it accepts a session. Takes about a second.
 *
 * @throws Error with the last lines of its log when it ends or is not ready in time.
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  const binaries = options.binaries ?? (await findPostgres());
  const dir = await makeDatabase(binaries);
  if (options.isStandby === true) await writeFile(join(dir, 'standby.signal'), '');
  for (let attempt = 1; ; attempt += 1) {
    const server = new OwnPostgres(binaries, dir, await freePort(), options);
    try {
      await server.restart();
      return server;
    } catch (error) {
      // Another process can take a free port before the server binds it.
      if (attempt < 5 && !(await isPortFree(server.port))) continue;
      await server.stop();
      throw error;
    }
  }
}

async function makeDatabase({ folder }: PostgresBinaries): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'revocast-postgres-'));
  const { uid, gid } = serverUser();
  if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid);
  const options = ['--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync', '--no-instructions'];
  await run(join(folder, 'initdb'), ['--pgdata', dir, '--username', user, ...options], { ...serverUser(), cwd: dir });
  return dir;
}

class OwnPostgres implements PostgresServer {
  readonly host = host;
  readonly port: number;
  readonly #dir: string;
  readonly #binaries: PostgresBinaries;
  readonly #options: StartPostgresOptions;
  #child: ChildProcess | undefined;

  constructor(binaries: PostgresBinaries, dir: string, port: number, options: StartPostgresOptions) {
    this.#binaries = binaries;
    this.#options = options;
    this.#dir = dir;
    this.port = port;
  }

  get url(): string {
    return `postgres://${user}@${host}:${this.port}/postgres`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async stop(): Promise<void> {
    // SIGINT ends the sessions; SIGTERM would wait for their clients.
    await this.#end('SIGINT');
    await rm(this.#dir, { recursive: true, force: true });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGINT');
    // After a SIGKILL, its other processes end by themselves; until then the next server cannot use the data.
    const deadline = performance.now() + 10_000;
    for (;;) {
      const problem = await this.#start();
      if (problem === undefined) return;
      const log = await readFile(this.#logPath, 'utf8');
      if (!/shared memory block|lock file|could not bind/.test(log) || performance.now() > deadline) {
        const lastLines = log.trim().split('\n').slice(-8).join('\n');
        throw new Error(`postgres on port ${this.port} did not start: ${problem}\n${lastLines}`);
      }
      await sleep(50);
    }
  }

  get #logPath(): string {
    return join(this.#dir, 'server.log');
  }

  /** @returns the problem, if it is not ready. */
  async #start(): Promise<string | undefined> {
    const log = await open(this.#logPath, 'w');
    const settings = Object.entries({ ...quick, port: String(this.port), ...this.#options.config });
    const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // Detached, so that Ctrl-C ends only this process, which then stops the server.
    const child = spawn(join(this.#binaries.folder, 'postgres'), ['-D', this.#dir, ...args], {
      ...serverUser(),
      cwd: this.#dir,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const ended = Promise.race([
      once(child, 'error').then(([error]) => String(error)),
      once(child, 'exit').then(([code, signal]) => `it ended with ${code ?? signal}`),
    ]);
    dieWithParent(child);
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
    await log.close();
    const problem = await Promise.race([ended, this.#ready(child)]);
    if (problem !== undefined) await this.#end('SIGKILL');
    return problem;
  }

  async #ready(child: ChildProcess): Promise<string | undefined> {
    const timeoutMs = this.#options.readyTimeoutMs ?? 30_000;
    const endsAt = performance.now() + timeoutMs;
    while (child.exitCode === null && child.signalCode === null && performance.now() < endsAt) {
      if (await acceptsSessions({ host, port: this.port, user })) return undefined;
      await sleep(10);
    }
    return `it accepted no session within ${timeoutMs} ms`;
  }

  async #end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.pid === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const forced = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await exited;
    clearTimeout(forced);
  }
}
