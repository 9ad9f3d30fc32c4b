import type { World } from './world.ts';

/** A running log, with the options of its publishers and sidecars. */
export interface StartedLog {
  readonly source: World['source'];
  /** Options of the sidecar of replica `index`. */
  sidecarOptions(index: number): Readonly<Record<string, string>>;
  /** Index of the replica whose sidecar already runs, because it holds the log. */
  readonly heldBySidecarOf: number | undefined;
  /** For publishers. */
  readonly url: string;
  readonly tokenFile: string | undefined;
  /** URL for look-ups of an API while its feed is not fresh. */
  readonly lookup: string | undefined;
  stop(): Promise<void>;
}

export interface SidecarPorts {
  readonly data: number;
  readonly admin: number;
}
