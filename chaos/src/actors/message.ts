import type { BrokenBuild } from '../broken/build.ts';

/** What a sidecar process of the suite is started with: its configuration as in a file. */
export interface SidecarSettings {
  readonly config: {
    readonly source: string;
    readonly dataListen: string;
    readonly adminListen: string;
    readonly maxStalenessMs: number;
    readonly maxRules?: number;
    readonly tokenFile?: string;
    readonly sourceTokenFile?: string;
    readonly drainMs: number;
    readonly logLevel: 'silent' | 'info';
  };
  readonly clockOffsetMs: number;
}

/** What an API process of the suite is started with. */
export interface ApiSettings {
  readonly who: string;
  readonly life: number;
  readonly via: string;
  readonly feedUrl: string;
  readonly lookUpUrl?: string;
  readonly maxStalenessMs: number;
  readonly maxRules?: number;
  readonly whenUnknown: 'unavailable' | 'accept';
  readonly issuedAt: number;
  /** Tokens watched from the start. */
  readonly tokens: number;
  readonly historyFile: string;
  readonly clockOffsetMs: number;
  readonly maxRssBytes: number;
  readonly brokenBuild?: BrokenBuild;
}

/** What a process is started with that holds many replicas. */
export interface StormSettings {
  readonly feedUrl: string;
  readonly replicas: number;
  readonly maxStalenessMs: number;
  /** It ends with a failure when not all are fresh by then. */
  readonly timeoutMs: number;
}

/** What an API process of a soak is started with. */
export interface SoakApiSettings {
  readonly feedUrl: string;
  readonly publicJwk: { readonly kty: string };
  readonly audience: string;
}

/** What a process of a soak says of itself. */
export interface ProcessFigures {
  readonly rssBytes: number;
  /** After a collection. */
  readonly heapBytes: number;
  /** Sockets, servers and pipes that are open. */
  readonly handles: number;
  readonly timers: number;
  /** Rules held, where the process can tell. */
  readonly rules?: number;
}

/** What a process of the suite may be told while it runs. */
export type ActorMessage =
  | { readonly tell: 'tokens'; readonly tokens: number }
  | { readonly tell: 'clock'; readonly offsetMs: number }
  /** Say your figures. */
  | { readonly tell: 'measure' }
  /** End in order, as after a stop signal. */
  | { readonly tell: 'stop' };

/** The one environment variable that carries the settings, as JSON. */
export const settingsVariable = 'REVOCAST_CHAOS_SETTINGS';

/** @throws Error when the parent gave none. */
export function readSettings<T>(): T {
  const text = process.env[settingsVariable];
  if (text === undefined) throw new Error(`${settingsVariable} is not set: this program is started by the suite`);
  // Written by the suite itself a moment ago, from the type it is read as.
  return JSON.parse(text) as T;
}
