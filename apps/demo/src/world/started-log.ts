import type { World } from './world.ts';

/** A log that publishers and sidecars can be pointed at. */
export interface StartedLog {
  readonly source: World['source'];
  /** Options of the sidecar of replica `index`. */
  sidecarOptions(index: number): Readonly<Record<string, string>>;
  /** The sidecar of this replica is already there: it holds the log. */
  readonly heldBySidecarOf: number | undefined;
  /** For publishers. */
  readonly url: string;
  readonly tokenFile: string | undefined;
  /** What an API may ask while its feed is not fresh. */
  readonly lookup: string | undefined;
  stop(): Promise<void>;
}

export interface SidecarPorts {
  readonly data: number;
  readonly admin: number;
}
