import { type RedisServer, startRedis, startTcpProxy, type TcpProxy, until } from '@revocast/test-support';
import type { ApiSettings, SidecarSettings, StormSettings } from '../actors/message.ts';
import type { BrokenBuild } from '../broken/build.ts';
import type { StatementRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import { type ActorOptions, ActorProcess } from './actor-process.ts';
import { ownPort } from './own-port.ts';
import { pause } from './pause.ts';
import type { Recorder } from './recorder.ts';
import { redisCommand } from './redis-command.ts';
import { type SayOptions, Speaker } from './speaker.ts';
import { Traffic } from './traffic.ts';
import { defaultMaxStalenessMs, type LossOptions, reseedAllowanceMs, type WorldOptions } from './world-options.ts';

export interface WorldContext {
  readonly recorder: Recorder;
  readonly brokenBuild: BrokenBuild | undefined;
  readonly random: () => number;
}

/** Bytes of an API process of this suite: far above what it needs, far below what a leak or an unbounded buffer takes. */
const maxRssBytes = 300 * 2 ** 20;

/** Real processes with a bad network between them. What faults do to it, and what is said meanwhile, goes into the history. */
export class World {
  readonly options: WorldOptions;
  readonly issuedAt = Math.floor(Date.now() / 1000) - 60;
  readonly maxStalenessMs: number;
  readonly random: () => number;
  /** The primary first. */
  readonly redis: RedisServer[] = [];
  /** Links of the redis replicas to the primary: r1, r2, …; of each process to what it follows; and `publisher`, `lookup`. */
  readonly links = new Map<string, TcpProxy>();
  readonly sidecars: ActorProcess[] = [];
  readonly apis: ActorProcess[] = [];
  readonly #context: WorldContext;
  readonly #dataPorts = new Map<string, number>();
  /** Who has a link to Redis and not to a sidecar. */
  readonly #redisReaders: string[] = [];
  readonly #cleanUps: (() => unknown)[] = [];
  #speaker: Speaker | undefined;
  #tokens = 0;
  #traffic: Traffic | undefined;
  #settledAtMs = 0;

  private constructor(options: WorldOptions, context: WorldContext) {
    this.options = options;
    this.#context = context;
    this.random = context.random;
    this.maxStalenessMs = options.maxStalenessMs ?? defaultMaxStalenessMs;
  }

  /** Starts everything and waits until every API process is fresh. */
  static async open(options: WorldOptions, context: WorldContext): Promise<World> {
    const world = new World(options, context);
    try {
      await world.#build();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async #build(): Promise<void> {
    const { redisReplicas = 0, redisConfig, sidecars = 2, apisPerSidecar = 1, declared = true, prepare } = this.options;
    const config = redisConfig === undefined ? {} : { config: redisConfig };
    const primary = await startRedis(config);
    this.redis.push(primary);
    for (let index = 1; index <= redisReplicas; index++) {
      const link = await this.#link(`r${index}`, primary.port);
      this.redis.push(await startRedis({ ...config, replicaOf: { host: '127.0.0.1', port: link.port } }));
    }
    await prepare?.(primary);
    if (redisReplicas > 0) await this.#awaitRedisReplicas(redisReplicas);
    const publisher = await this.#link('publisher', primary.port);
    await this.#link('lookup', primary.port);
    this.#speaker = await Speaker.open(`redis://127.0.0.1:${publisher.port}`, this.#context.recorder);
    if (declared) await this.declareWhole(primary);
    for (let index = 1; index <= sidecars; index++) await this.addSidecar(`s${index}`, { source: 'redis' });
    for (let index = 0; index < sidecars * apisPerSidecar; index++) {
      await this.addApi(`a${index + 1}`, { via: `s${(index % sidecars) + 1}` });
    }
    if (this.options.express === true) await this.addApi('e1', { via: 's1', program: 'express-main' });
    if (this.options.started === false) return;
    await Promise.all([...this.sidecars, ...this.apis].map((actor) => actor.start()));
    await this.untilFresh(20_000);
  }

  /** As `revocast-sidecar init` does: an operator says that nothing was ever revoked here. */
  async declareWhole(server: RedisServer): Promise<void> {
    const { openSource, randomHex, systemClock, systemRandom } = await import('@revocast/denylist/replica');
    const source = await openSource(server.url, {
      clock: systemClock,
      random: systemRandom,
      newEpoch: () => randomHex(8),
    });
    await source.declareWhole?.();
    await source.close();
  }

  /** Adds a sidecar without starting it. `source`: Redis (through a link of its own), or another sidecar (a relay). */
  async addSidecar(
    who: string,
    options: { readonly source: string; readonly maxRules?: number; readonly clockOffsetMs?: number },
  ): Promise<ActorProcess> {
    // Not from the seed: worlds that are played at once must not meet.
    const [dataPort, adminPort] = [await ownPort(Math.random), await ownPort(Math.random)];
    this.#dataPorts.set(who, dataPort);
    if (options.source === 'redis') this.#redisReaders.push(who);
    const link = await this.#link(
      who,
      options.source === 'redis' ? this.primary.port : this.#dataPortOf(options.source),
    );
    const scheme = options.source === 'redis' ? 'redis' : 'http';
    const maxRules = options.maxRules ?? this.options.maxRules;
    const settings: SidecarSettings = {
      config: {
        source: `${scheme}://127.0.0.1:${link.port}`,
        dataListen: `127.0.0.1:${dataPort}`,
        adminListen: `127.0.0.1:${adminPort}`,
        maxStalenessMs: this.maxStalenessMs,
        drainMs: 0,
        logLevel: 'silent',
        ...(maxRules === undefined ? {} : { maxRules }),
      },
      clockOffsetMs: options.clockOffsetMs ?? 0,
    };
    const actor = this.#actor(who, 'sidecar-main', () => settings);
    this.sidecars.push(actor);
    return actor;
  }

  /** Adds an API process without starting it. `via`: the sidecar it follows, or `redis` to replicate by itself. */
  async addApi(
    who: string,
    options: { readonly via: string; readonly clockOffsetMs?: number; readonly program?: 'express-main' },
  ): Promise<ActorProcess> {
    const { via, clockOffsetMs = 0, program = 'api-main' } = options;
    const { lookUp = false, maxRules, whenUnknown = 'unavailable' } = this.options;
    if (via === 'redis') this.#redisReaders.push(who);
    const link = await this.#link(who, via === 'redis' ? this.primary.port : this.#dataPortOf(via));
    const lookUpPort = this.link('lookup').port;
    const settings = (life: number): ApiSettings => ({
      who,
      life,
      via: via === 'redis' ? who : via,
      feedUrl: `${via === 'redis' ? 'redis' : 'http'}://127.0.0.1:${link.port}`,
      ...(lookUp ? { lookUpUrl: `redis://127.0.0.1:${lookUpPort}` } : {}),
      maxStalenessMs: this.maxStalenessMs,
      ...(maxRules === undefined ? {} : { maxRules }),
      whenUnknown,
      issuedAt: this.issuedAt,
      tokens: this.#tokens,
      historyFile: this.#context.recorder.fileOf(who),
      clockOffsetMs,
      maxRssBytes,
      ...(this.#context.brokenBuild === undefined ? {} : { brokenBuild: this.#context.brokenBuild }),
    });
    const actor = this.#actor(who, program, settings);
    this.apis.push(actor);
    return actor;
  }

  get primary(): RedisServer {
    return this.redis[0]!;
  }

  link(name: string): TcpProxy {
    const link = this.links.get(name);
    if (link === undefined) throw new Error(`no link ${name}`);
    return link;
  }

  /** The links of all who talk to the primary. */
  redisLinks(): TcpProxy[] {
    return ['publisher', 'lookup', ...this.#redisReaders].map((name) => this.link(name));
  }

  /** Makes a redis replica the primary and switches everybody over, as a Sentinel's new address would; the old one runs on, cut off. */
  async promote(index: number): Promise<void> {
    const promoted = this.redis[index];
    if (promoted === undefined) throw new Error(`no redis replica ${index}`);
    await redisCommand(promoted, 'REPLICAOF', 'NO', 'ONE');
    this.switchOver(index);
  }

  /** The same for a redis replica that is the primary already. `except`: links that stay with the old one. */
  switchOver(index: number, except: readonly string[] = []): void {
    const promoted = this.redis[index]!;
    this.redis.splice(index, 1);
    this.redis.unshift(promoted);
    const staying = except.map((name) => this.link(name));
    for (const link of this.redisLinks().filter((one) => !staying.includes(one))) {
      link.retarget({ host: '127.0.0.1', port: promoted.port });
      link.reset();
    }
  }

  /** Makes one Redis a replica of another. */
  async demote(server: RedisServer, primary: RedisServer): Promise<void> {
    await redisCommand(server, 'REPLICAOF', primary.host, primary.port);
  }

  /** Lets a process follow another sidecar, at its next connection. */
  follow(who: string, sidecar: string): void {
    this.link(who).retarget({ host: '127.0.0.1', port: this.#dataPortOf(sidecar) });
  }

  /** How often Redis has been asked for a page of its rules. */
  async pagesRead(): Promise<number> {
    const stats = String(await this.redisCommand('INFO', 'commandstats'));
    return Number(/cmdstat_hscan:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  /** Starts a process that opens `replicas` cold replicas at once behind a sidecar, and waits until all are fresh. */
  async storm(
    who: string,
    options: { readonly via: string; readonly replicas: number; readonly timeoutMs: number },
  ): Promise<ActorProcess> {
    const link = await this.#link(who, this.#dataPortOf(options.via));
    const { replicas, timeoutMs } = options;
    const settings: StormSettings = {
      feedUrl: `http://127.0.0.1:${link.port}`,
      replicas,
      timeoutMs,
      maxStalenessMs: this.maxStalenessMs,
    };
    const actor = this.#actor(who, 'storm-main', () => settings);
    this.#cleanUps.push(() => actor.kill());
    await actor.start();
    return actor;
  }

  sidecar(who: string): ActorProcess {
    return this.#find(this.sidecars, who);
  }

  api(who: string): ActorProcess {
    return this.#find(this.apis, who);
  }

  /** A command to the primary, past all links. */
  redisCommand(command: string, ...args: readonly (string | number | Buffer)[]): Promise<unknown> {
    return redisCommand(this.primary, command, ...args);
  }

  /** New tokens, told to every API process; the number of the first. */
  newTokens(count: number): number {
    const first = this.#tokens;
    this.#tokens += count;
    for (const api of this.apis) api.tell({ tell: 'tokens', tokens: this.#tokens });
    return first;
  }

  revoke(token = this.newTokens(1), options: SayOptions = {}): Promise<StatementRecord> {
    return this.#speaking.revoke(token, options);
  }

  lift(token: number, options: Pick<SayOptions, 'dimension' | 'redisReplicas'> = {}): Promise<StatementRecord> {
    return this.#speaking.lift(token, options);
  }

  /** Says and lifts things all the while, until {@link stopTraffic}. */
  startTraffic(): void {
    this.#traffic = new Traffic(this);
  }

  async stopTraffic(): Promise<void> {
    await this.#traffic?.stop();
  }

  /** Runs something bad and its end, and writes down from when to when it was so. */
  async fault<T>(what: string, during: () => Promise<T>): Promise<T> {
    const beginMs = monotonicMs();
    try {
      return await during();
    } finally {
      this.#context.recorder.write({ kind: 'fault', what, beginMs, endMs: monotonicMs() });
    }
  }

  /** Makes the log forget: once `forget` has ended, it has. */
  async loss(what: string, options: LossOptions, forget: () => Promise<unknown>): Promise<void> {
    const { survivors, replicasSurvive = false, alsoHeld = [], healing } = options;
    const atMs = monotonicMs();
    let doneMs = atMs;
    await this.fault(what, async () => {
      await forget();
      doneMs = monotonicMs();
      await healing?.();
    });
    const untilMs = monotonicMs() + this.maxStalenessMs + reseedAllowanceMs;
    this.#settledAtMs = Math.max(this.#settledAtMs, untilMs);
    this.#context.recorder.write({ kind: 'loss', what, atMs, doneMs, untilMs, survivors, replicasSurvive, alsoHeld });
  }

  expect(what: string, held: boolean, found?: string): void {
    this.#context.recorder.write({ kind: 'expectation', what, held, ...(found === undefined ? {} : { found }) });
  }

  /** Until every running API process says that it is fresh. @throws Error naming those that did not. */
  async untilFresh(timeoutMs: number): Promise<void> {
    const waiting = () => this.apis.filter((api) => api.running && !api.fresh);
    try {
      await until(() => waiting().length === 0, { what: 'freshness', timeoutMs });
    } catch {
      throw new Error(
        `not fresh after ${timeoutMs} ms: ${waiting()
          .map(({ who }) => who)
          .join(', ')}`,
      );
    }
  }

  /** Waits until the healed world has settled, lets a new sidecar and a new process in, and has everybody looked at. */
  async settle(timeoutMs: number): Promise<void> {
    await this.stopTraffic();
    const late = await this.addSidecar('late', { source: 'redis' });
    const lateApi = await this.addApi('a-late', { via: 'late' });
    await late.start();
    await lateApi.start();
    try {
      await this.untilFresh(timeoutMs);
    } catch (error) {
      this.expect('everybody becomes fresh again', false, error instanceof Error ? error.message : 'a failure');
    }
    await pause(Math.max(0, this.#settledAtMs - monotonicMs()));
    this.#context.recorder.write({ kind: 'checkpoint', atMs: monotonicMs() });
    // Two sweeps over all tokens.
    await pause(600);
  }

  async close(): Promise<void> {
    const quiet = this.stopTraffic();
    await Promise.all([...this.apis, ...this.sidecars].map((actor) => actor.kill()));
    await this.#speaker?.close();
    await quiet;
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) await cleanUp();
    await Promise.all([...this.links.values()].map((link) => link.close()));
    await Promise.all(this.redis.map((server) => server.stop()));
  }

  async #awaitRedisReplicas(count: number): Promise<void> {
    await until(
      async () => String(await this.redisCommand('INFO', 'replication')).match(/state=online/g)?.length === count,
      {
        what: 'redis replicas',
        timeoutMs: 10_000,
      },
    );
  }

  #actor(who: string, program: ActorOptions['program'], settings: (life: number) => object): ActorProcess {
    return new ActorProcess({ who, program, settings, recorder: this.#context.recorder });
  }

  async #link(name: string, port: number): Promise<TcpProxy> {
    const link = await startTcpProxy({ target: { host: '127.0.0.1', port } });
    this.links.set(name, link);
    return link;
  }

  #dataPortOf(who: string): number {
    const port = this.#dataPorts.get(who);
    if (port === undefined) throw new Error(`no sidecar ${who}`);
    return port;
  }

  #find(actors: readonly ActorProcess[], who: string): ActorProcess {
    const actor = actors.find((one) => one.who === who);
    if (actor === undefined) throw new Error(`no process ${who}`);
    return actor;
  }

  get #speaking(): Speaker {
    if (this.#speaker === undefined) throw new Error('nobody can speak yet');
    return this.#speaker;
  }
}
