import { join } from 'node:path';
import { until } from '@revocast/test-support';
import type {
  ApiSettings,
  IssuerSettings,
  ProcessFigures,
  RefresherSettings,
  SidecarSettings,
  StormSettings,
} from '../actors/message.ts';
import type { BrokenBuild } from '../broken/build.ts';
import { type ActorOptions, ActorProcess } from './actor-process.ts';
import { type ClaimedPort, claimPort } from './claim-port.ts';
import type { Links } from './links.ts';
import type { Recorder } from './recorder.ts';
import type { WorldOptions } from './world-options.ts';

export interface CastContext extends Pick<WorldOptions, 'lookUp' | 'maxRules' | 'stateFiles' | 'whenUnknown'> {
  readonly maxStalenessMs: number;
  readonly issuedAt: number;
  readonly brokenBuild: BrokenBuild | undefined;
  readonly recorder: Recorder;
  readonly links: Links;
  /** The URL of a Redis that is reached without links. */
  readonly groupUrl: () => string | undefined;
  /** The only log that sidecars may follow. */
  readonly expectLog: () => string | undefined;
  /** Port of the current primary. */
  readonly primaryPort: () => number;
  /** Current number of tokens. */
  readonly tokens: () => number;
}

export interface SidecarOptions {
  /** `redis`, the URL of a `file:` log, or the name of another sidecar, which makes this one a relay. */
  readonly source: string;
  /** A file with the token that revocations need; without one the sidecar takes none. */
  readonly writeTokenFile?: string;
  /** The command that starts it. Default none. */
  readonly startedBy?: readonly string[];
  readonly maxRules?: number;
  readonly clockOffsetMs?: number;
}

export interface ApiOptions {
  /** The sidecar that it follows, or `redis` to read the log directly. */
  readonly via: string;
  readonly clockOffsetMs?: number;
  readonly program?: 'api-main' | 'express-main' | 'streams-main';
  /** The command that starts it. Default none. */
  readonly startedBy?: readonly string[];
}

export interface StormOptions {
  readonly via: string;
  readonly replicas: number;
  readonly timeoutMs: number;
  readonly onMessage?: ActorOptions['onMessage'];
}

/** Far above the memory that an API process needs, and far below that of a leak or an unbounded buffer. */
const maxRssBytes = 300 * 2 ** 20;

/** The processes of a world. Each reaches its source through its own link. */
export class Cast {
  readonly sidecars: ActorProcess[] = [];
  readonly apis: ActorProcess[] = [];
  readonly #storms: ActorProcess[] = [];
  readonly #issuers: ActorProcess[] = [];
  readonly #context: CastContext;
  readonly #ports: ClaimedPort[] = [];
  readonly #dataPorts = new Map<string, number>();
  readonly #adminPorts = new Map<string, number>();
  readonly #figures = new Map<string, ProcessFigures>();

  constructor(context: CastContext) {
    this.#context = context;
  }

  /** Does not start it. */
  async addSidecar(who: string, options: SidecarOptions): Promise<ActorProcess> {
    const { maxStalenessMs, stateFiles = false, recorder, expectLog } = this.#context;
    const { maxRules = this.#context.maxRules, clockOffsetMs = 0, writeTokenFile, startedBy } = options;
    const [dataPort, adminPort] = [await this.#claimPort(), await this.#claimPort()];
    this.#dataPorts.set(who, dataPort);
    this.#adminPorts.set(who, adminPort);
    const source = await this.#linkTo(options.source, who);
    const settings: SidecarSettings = {
      config: {
        source,
        dataListen: `127.0.0.1:${dataPort}`,
        adminListen: `127.0.0.1:${adminPort}`,
        maxStalenessMs,
        drainMs: 0,
        logLevel: 'silent',
        maxRules,
        expectLog: source.startsWith('redis') ? expectLog() : undefined,
        stateFile: stateFiles ? join(recorder.folder, `${who}.state.json`) : undefined,
        writeTokenFile,
      },
      clockOffsetMs,
    };
    const onMessage = (message: object) => {
      // Sent by our own actor, from this very type.
      if ('figures' in message) this.#figures.set(who, message.figures as ProcessFigures);
    };
    const actor = this.#actor({ who, program: 'sidecar-main', settings: () => settings, startedBy, onMessage });
    this.sidecars.push(actor);
    return actor;
  }

  /** Does not start it. */
  async addApi(who: string, options: ApiOptions): Promise<ActorProcess> {
    const { via, clockOffsetMs = 0, program = 'api-main', startedBy } = options;
    const { lookUp = false, maxRules, whenUnknown = 'unavailable', brokenBuild, links, recorder } = this.#context;
    const { maxStalenessMs, issuedAt, tokens, groupUrl } = this.#context;
    const feedUrl = await this.#linkTo(via, who);
    const lookUpUrl = groupUrl() ?? `redis://127.0.0.1:${links.get('lookup').port}`;
    const settings = (life: number): ApiSettings => ({
      who,
      life,
      via: via === 'redis' ? who : via,
      feedUrl,
      lookUpUrl: lookUp ? lookUpUrl : undefined,
      maxStalenessMs,
      maxRules,
      whenUnknown,
      issuedAt,
      tokens: tokens(),
      historyFile: recorder.fileOf(who),
      clockOffsetMs,
      maxRssBytes,
      brokenBuild,
    });
    const actor = this.#actor({ who, program, settings, startedBy });
    this.apis.push(actor);
    return actor;
  }

  /** Starts a process that opens `replicas` cold replicas of a sidecar at once, and waits until all are fresh. */
  async storm(who: string, { via, replicas, timeoutMs, onMessage }: StormOptions): Promise<ActorProcess> {
    const { maxStalenessMs } = this.#context;
    const settings: StormSettings = { feedUrl: await this.#linkTo(via, who), replicas, timeoutMs, maxStalenessMs };
    const actor = this.#actor({ who, program: 'storm-main', settings: () => settings, onMessage });
    this.#storms.push(actor);
    await actor.start();
    return actor;
  }

  /** An authorization server that reports what happens in its database. Does not start it. */
  addIssuer(who: string, settings: IssuerSettings): ActorProcess {
    const actor = this.#actor({ who, program: 'issuer-main', settings: () => settings });
    this.#issuers.push(actor);
    return actor;
  }

  /** An authorization server that keeps refresh tokens. Does not start it. */
  addRefresher(who: string, settings: RefresherSettings, onMessage: (message: object) => void): ActorProcess {
    const actor = this.#actor({ who, program: 'refresher-main', settings: () => settings, onMessage });
    this.#issuers.push(actor);
    return actor;
  }

  async startAll(): Promise<void> {
    await Promise.all([...this.sidecars, ...this.apis].map((actor) => actor.start()));
  }

  sidecar(who: string): ActorProcess {
    return find(this.sidecars, who);
  }

  api(who: string): ActorProcess {
    return find(this.apis, who);
  }

  /** The next connection of the process goes to this sidecar. */
  follow(who: string, sidecar: string): void {
    this.#context.links.lead(who, portOf(this.#dataPorts, sidecar));
  }

  async sidecarFigures(who: string): Promise<ProcessFigures> {
    this.#figures.delete(who);
    this.sidecar(who).tell({ tell: 'measure' });
    return await until(() => this.#figures.get(who), { what: `figures of ${who}` });
  }

  /** Where a sidecar listens for its readers. */
  dataPort(who: string): number {
    return portOf(this.#dataPorts, who);
  }

  /** The port of `/readyz` and `/metrics` of a sidecar. */
  adminPort(who: string): number {
    return portOf(this.#adminPorts, who);
  }

  /** Waits until every running API process is fresh. @throws Error that names the other processes. */
  async untilFresh(timeoutMs: number): Promise<void> {
    const waiting = () => this.apis.filter((api) => api.running && !api.fresh);
    try {
      await until(() => waiting().length === 0, { what: 'freshness', timeoutMs });
    } catch {
      const names = waiting().map(({ who }) => who);
      throw new Error(`not fresh after ${timeoutMs} ms: ${names.join(', ')}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.apis, ...this.sidecars, ...this.#storms, ...this.#issuers].map((actor) => actor.kill()));
    for (const { release } of this.#ports.splice(0)) release();
  }

  #actor(options: Omit<ActorOptions, 'recorder'>): ActorProcess {
    return new ActorProcess({ ...options, recorder: this.#context.recorder });
  }

  async #claimPort(): Promise<number> {
    const claimed = await claimPort();
    this.#ports.push(claimed);
    return claimed.port;
  }

  /** @returns the URL of a new link. */
  async #linkTo(source: string, who: string): Promise<string> {
    const { links, primaryPort, groupUrl } = this.#context;
    const url = groupUrl();
    if (source.startsWith('file:')) return source;
    if (source === 'redis' && url !== undefined) return url;
    if (source === 'redis') return `redis://127.0.0.1:${(await links.addToRedis(who, primaryPort())).port}`;
    return `http://127.0.0.1:${(await links.add(who, portOf(this.#dataPorts, source))).port}`;
  }
}

function portOf(ports: ReadonlyMap<string, number>, who: string): number {
  const port = ports.get(who);
  if (port === undefined) throw new Error(`no sidecar ${who}`);
  return port;
}

function find(actors: readonly ActorProcess[], who: string): ActorProcess {
  const actor = actors.find((one) => one.who === who);
  if (actor === undefined) throw new Error(`no process ${who}`);
  return actor;
}
