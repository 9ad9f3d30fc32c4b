import { type RedisServer, type TcpProxy, until } from '@revocast/test-support';
import type { SystemFaults } from '@revocast/test-support/system-faults';
import type { IssuerSettings, ProcessFigures, RefresherSettings } from '../actors/message.ts';
import type { BrokenBuild } from '../broken/build.ts';
import type { StatementRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import type { ActorProcess } from './actor-process.ts';
import { awaitReady, isReady, readReady } from './await-ready.ts';
import { type ApiOptions, Cast, type SidecarOptions, type StormOptions } from './cast.ts';
import { Links } from './links.ts';
import { pause } from './pause.ts';
import { readMetric } from './read-metric.ts';
import type { Recorder } from './recorder.ts';
import { declareWhole } from './redis/declare-whole.ts';
import { redisCommand } from './redis/redis-command.ts';
import { type RedisGroup, startGroup } from './redis/redis-group.ts';
import { RedisServers } from './redis/redis-servers.ts';
import { type SayOptions, Speaker } from './speaker.ts';
import { Traffic } from './traffic.ts';
import { defaultMaxStalenessMs, type LossOptions, reseedAllowanceMs, type WorldOptions } from './world-options.ts';

export interface WorldContext {
  readonly recorder: Recorder;
  readonly brokenBuild: BrokenBuild | undefined;
  readonly random: () => number;
}

/** Real processes with proxies between them. Faults, revocations and lifts are recorded in the history. */
export class World {
  readonly options: WorldOptions;
  readonly issuedAt = Math.floor(Date.now() / 1000) - 60;
  readonly maxStalenessMs: number;
  readonly random: () => number;
  readonly links = new Links();
  readonly #context: WorldContext;
  readonly #cast: Cast;
  readonly #servers: RedisServers;
  #group: RedisGroup | undefined;
  #identity: string | undefined;
  #speaker: Speaker | undefined;
  #tokens = 0;
  #traffic: Traffic | undefined;
  #settledAtMs = 0;
  readonly #atEnd: (() => Promise<void>)[] = [];

  private constructor(options: WorldOptions, context: WorldContext) {
    this.options = options;
    this.#context = context;
    this.random = context.random;
    this.#servers = new RedisServers(options.systemFaults === true);
    this.maxStalenessMs = options.maxStalenessMs ?? defaultMaxStalenessMs;
    this.#cast = new Cast({
      ...options,
      ...context,
      maxStalenessMs: this.maxStalenessMs,
      issuedAt: this.issuedAt,
      links: this.links,
      primaryPort: () => this.primary.port,
      groupUrl: () => this.#group?.url,
      expectLog: () => this.#identity,
      tokens: () => this.#tokens,
    });
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
    const { sidecars = 2, apisPerSidecar = 1, declared = true } = this.options;
    const { url, publisherUrl } = await this.#startLog();
    this.#speaker = await Speaker.open(publisherUrl, this.#context.recorder);
    if (declared) await declareWhole(url);
    if (this.options.pinned === true)
      this.#identity = String(await this.redisCommand('HGET', '{revocast}:meta', 'identity'));
    for (let index = 1; index <= sidecars; index++) await this.addSidecar(`s${index}`, { source: 'redis' });
    for (let index = 0; index < sidecars * apisPerSidecar; index++) {
      await this.addApi(`a${index + 1}`, { via: `s${(index % sidecars) + 1}` });
    }
    if (this.options.express === true) await this.addApi('e1', { via: 's1', program: 'express-main' });
    if (this.options.streams === true) await this.addApi('w1', { via: 's1', program: 'streams-main' });
    if (this.options.started === false) return;
    await this.#cast.startAll();
    await this.untilFresh(20_000);
  }

  /** @returns the URL of the log, and the URL by which the publisher reaches it. */
  async #startLog(): Promise<{ readonly url: string; readonly publisherUrl: string }> {
    const { topology, redisReplicas = 0, redisConfig, prepare } = this.options;
    if (topology !== undefined) {
      this.#group = await startGroup(topology, redisConfig);
      return { url: this.#group.url, publisherUrl: this.#group.url };
    }
    const config = { config: redisConfig };
    const primary = await this.#servers.start(config);
    for (let index = 1; index <= redisReplicas; index++) {
      const { port } = await this.links.add(`r${index}`, primary.port);
      await this.#servers.start({ ...config, replicaOf: { host: '127.0.0.1', port } });
    }
    await prepare?.(primary);
    if (redisReplicas > 0) await this.#awaitRedisReplicas(redisReplicas);
    const publisher = await this.links.addToRedis('publisher', primary.port);
    await this.links.addToRedis('lookup', primary.port);
    return { url: primary.url, publisherUrl: `redis://127.0.0.1:${publisher.port}` };
  }

  get sidecars(): readonly ActorProcess[] {
    return this.#cast.sidecars;
  }

  get apis(): readonly ActorProcess[] {
    return this.#cast.apis;
  }

  /** Adds a sidecar without starting it. */
  addSidecar(who: string, options: SidecarOptions): Promise<ActorProcess> {
    return this.#cast.addSidecar(who, options);
  }

  /** Adds an API process without starting it. */
  addApi(who: string, options: ApiOptions): Promise<ActorProcess> {
    return this.#cast.addApi(who, options);
  }

  /** The primary first. */
  get redis(): readonly RedisServer[] {
    return this.#servers.all;
  }

  get primary(): RedisServer {
    return this.#servers.primary;
  }

  /** The Redis of a world with the option `topology`. */
  get group(): RedisGroup {
    if (this.#group === undefined) throw new Error('expected a world with the option topology');
    return this.#group;
  }

  /** Moves the wall clock of a Redis, or makes its disk fail. For worlds with the option `systemFaults`. */
  systemFaults(server = this.primary): SystemFaults {
    return this.#servers.faultsOf(server);
  }

  link(name: string): TcpProxy {
    return this.links.get(name);
  }

  /** All links to the primary. */
  redisLinks(): TcpProxy[] {
    return this.links.toRedis();
  }

  /** Makes a redis replica the primary and moves every process to it, as a Sentinel does. The old primary keeps running. */
  async promote(index: number): Promise<void> {
    await redisCommand(this.#servers.at(index), 'REPLICAOF', 'NO', 'ONE');
    this.switchOver(index);
  }

  /** Moves every process to a redis replica that is already primary, except for the links in `except`. */
  switchOver(index: number, except: readonly string[] = []): void {
    this.links.switchOver(this.#servers.putFirst(index).port, except);
  }

  /** Makes one Redis a replica of another. */
  async demote(server: RedisServer, primary: RedisServer): Promise<void> {
    await redisCommand(server, 'REPLICAOF', primary.host, primary.port);
  }

  /** The next connection of the process goes to this sidecar. */
  follow(who: string, sidecar: string): void {
    this.#cast.follow(who, sidecar);
  }

  /** Number of pages of rules that were read from Redis. */
  async pagesRead(): Promise<number> {
    const stats = String(await this.redisCommand('INFO', 'commandstats'));
    return Number(/cmdstat_hscan:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  /** Starts a process that opens `replicas` cold replicas of a sidecar at once, and waits until all are fresh. */
  storm(who: string, options: StormOptions): Promise<ActorProcess> {
    return this.#cast.storm(who, options);
  }

  /** Adds an authorization server that keeps refresh tokens, without starting it. */
  addRefresher(who: string, settings: RefresherSettings, onMessage: (message: object) => void): ActorProcess {
    return this.#cast.addRefresher(who, settings, onMessage);
  }

  /** Adds an authorization server without starting it. */
  addIssuer(who: string, settings: IssuerSettings): ActorProcess {
    return this.#cast.addIssuer(who, settings);
  }

  /** What a sidecar says of its memory and its sockets. */
  sidecarFigures(who: string): Promise<ProcessFigures> {
    return this.#cast.sidecarFigures(who);
  }

  /** How many readers follow a sidecar. */
  followersOf(who: string): Promise<number> {
    return readMetric(this.#cast.adminPort(who), 'revocast_sidecar_clients');
  }

  /** The time of the restart of the log that a sidecar reports, if one is in force. */
  async restartedAt(who: string): Promise<string | undefined> {
    return (await readReady(this.#cast.adminPort(who))).restartedAt;
  }

  /** Whether `/readyz` of a running sidecar answers 200. */
  isReady(who: string): Promise<boolean> {
    return isReady(this.#cast.adminPort(who));
  }

  /** Starts one more Redis, with an empty log that is declared complete. */
  async startAnotherLog(): Promise<RedisServer> {
    const other = await this.#servers.start({});
    await declareWhole(other.url);
    return other;
  }

  /** Where a sidecar listens for its readers, without a link between. */
  dataPort(who: string): number {
    return this.#cast.dataPort(who);
  }

  sidecar(who: string): ActorProcess {
    return this.#cast.sidecar(who);
  }

  api(who: string): ActorProcess {
    return this.#cast.api(who);
  }

  /** Sends a command directly to the primary, without a link. */
  redisCommand(command: string, ...args: readonly (string | number | Buffer)[]): Promise<unknown> {
    return redisCommand(this.primary, command, ...args);
  }

  /** Adds tokens and sends the new count to every API process. @returns the number of the first new token. */
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

  /** Revokes and lifts continuously until {@link stopTraffic}. */
  startTraffic(): void {
    this.#traffic = new Traffic(this, this.options.trafficEveryMs ?? 120);
  }

  async stopTraffic(): Promise<void> {
    await this.#traffic?.stop();
  }

  /** Runs `during`, which causes a fault and ends it, and records its begin and end. */
  async fault<T>(what: string, during: () => Promise<T>): Promise<T> {
    const beginMs = monotonicMs();
    try {
      return await during();
    } finally {
      this.#context.recorder.write({ kind: 'fault', what, beginMs, endMs: monotonicMs() });
    }
  }

  /** Runs `forget`, after which the log has lost data, and records the loss. */
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

  /** Starts a sidecar, and records the time until it listens and until it is ready. */
  async timeStart(who: string, about: string): Promise<void> {
    const startedMs = monotonicMs();
    const note = (until: string) =>
      this.figure(`${about}, from its process' start until ${until}`, monotonicMs() - startedMs);
    await this.#cast.sidecar(who).start();
    note('it listens');
    await awaitReady(this.#cast.adminPort(who));
    note('it is ready');
  }

  /** Records a duration for the report. */
  figure(what: string, ms: number): void {
    this.#context.recorder.write({ kind: 'figure', what, ms });
  }

  expect(what: string, held: boolean, found?: string): void {
    this.#context.recorder.write({ kind: 'expectation', what, held, found });
  }

  /** Waits until every running API process is fresh. @throws Error that names the other processes. */
  untilFresh(timeoutMs: number): Promise<void> {
    return this.#cast.untilFresh(timeoutMs);
  }

  /** Starts a new sidecar and a new API process, and waits until every process is fresh and two sweeps are recorded. */
  async settle(timeoutMs: number): Promise<void> {
    await this.stopTraffic();
    const late = await this.addSidecar('late', { source: 'redis' });
    const lateApi = await this.addApi('a-late', { via: 'late' });
    await late.start();
    await lateApi.start();
    try {
      await this.untilFresh(timeoutMs);
    } catch (error) {
      this.expect('every process becomes fresh again', false, error instanceof Error ? error.message : 'a failure');
    }
    await pause(Math.max(0, this.#settledAtMs - monotonicMs()));
    this.#context.recorder.write({ kind: 'checkpoint', atMs: monotonicMs() });
    // Long enough for two sweeps over all tokens.
    await pause(600);
  }

  /** Runs `cleanUp` once every process has ended. */
  atEnd(cleanUp: () => Promise<void>): void {
    this.#atEnd.push(cleanUp);
  }

  async close(): Promise<void> {
    const quiet = this.stopTraffic();
    await this.#cast.close();
    await this.#speaker?.close();
    await quiet;
    await this.links.close();
    await this.#group?.stop();
    await this.#servers.close();
    for (const cleanUp of this.#atEnd.splice(0)) await cleanUp();
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

  get #speaking(): Speaker {
    if (this.#speaker === undefined) throw new Error('the publisher is not open yet');
    return this.#speaker;
  }
}
