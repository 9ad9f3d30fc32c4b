import type { BrokenBuild } from '../broken/build.ts';

/** Settings of a sidecar process: its configuration, as in a configuration file, and the offset of its wall clock. */
export interface SidecarSettings {
  readonly config: {
    readonly source: string;
    readonly dataListen: string;
    readonly adminListen: string;
    readonly maxStalenessMs: number;
    readonly maxRules?: number;
    readonly writeTokenFile?: string;
    readonly sourceTokenFile?: string;
    readonly expectLog?: string;
    readonly stateFile?: string;
    readonly drainMs: number;
    readonly logLevel: 'silent' | 'info';
  };
  readonly clockOffsetMs: number;
}

/** Settings of an API process. */
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
  /** Number of tokens that the process probes from the start. */
  readonly tokens: number;
  readonly historyFile: string;
  readonly clockOffsetMs: number;
  readonly maxRssBytes: number;
  readonly brokenBuild?: BrokenBuild;
}

/** Settings of a process that holds many replicas. */
export interface StormSettings {
  readonly feedUrl: string;
  readonly replicas: number;
  readonly maxStalenessMs: number;
  /** The process fails if a replica is not fresh after this time. */
  readonly timeoutMs: number;
}

/** Settings of an authorization server. */
export interface IssuerSettings {
  readonly postgresUrl: string;
  readonly logUrl: string;
}

/** Settings of an API process in a soak. */
export interface SoakApiSettings {
  readonly feedUrl: string;
  readonly publicJwk: { readonly kty: string };
  readonly audience: string;
}

/** Measurements that a process of a soak sends to the suite. */
export interface ProcessFigures {
  readonly rssBytes: number;
  /** After a garbage collection. */
  readonly heapBytes: number;
  /** Number of open sockets, servers and pipes. */
  readonly handles: number;
  readonly timers: number;
  /** Number of rules in its replica; only of an API process. */
  readonly rules?: number;
}

/** A message from the suite to a running process. */
export type ActorMessage =
  | { readonly tell: 'tokens'; readonly tokens: number }
  | { readonly tell: 'clock'; readonly offsetMs: number }
  /** The process answers with its {@link ProcessFigures}. */
  | { readonly tell: 'measure' }
  /** An authorization server shows a refresh token so often at once, and answers with its {@link Refreshed}. */
  | { readonly tell: 'refresh'; readonly token: string; readonly times: number }
  /** The process shuts down gracefully, as after SIGTERM. */
  | { readonly tell: 'stop' };

/** What an authorization server answered to refreshes at once. */
export interface Refreshed {
  readonly answers: readonly RefreshAnswer[];
}

export interface RefreshAnswer {
  readonly outcome: string;
  readonly refreshToken?: string;
  /** The claims of the access token that comes with it. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Settings of an authorization server that keeps refresh tokens. */
export interface RefresherSettings {
  readonly postgresUrl: string;
  readonly logUrl: string;
  /** Of the key of its refresh tokens, as base64. */
  readonly secret: string;
}

/** The environment variable that holds the settings, as JSON. */
export const settingsVariable = 'REVOCAST_CHAOS_SETTINGS';

/** @throws Error when the environment variable is not set. */
export function readSettings<T>(): T {
  const text = process.env[settingsVariable];
  if (text === undefined) throw new Error(`${settingsVariable} is not set: start this program with npm run chaos`);
  // The suite wrote this text from a value of the same type.
  return JSON.parse(text) as T;
}
