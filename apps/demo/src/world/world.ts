import type { Publisher } from '@revocast/denylist';

/** One API process and its sidecar. */
export interface Replica {
  readonly name: string;
  readonly url: string;
  /** URL of the probes and metrics of the sidecar. */
  readonly sidecarUrl: string;
  /** The web page of the sidecar for operators. */
  readonly consoleUrl: string;
}

/** The process that holds the log, with functions to stop and restart it. */
export interface LogSource {
  readonly kind: 'redis' | 'embedded';
  /** A name of the process, for the output. */
  readonly description: string;
  /** Undefined while the process is down. */
  readonly pid: () => number | undefined;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
}

/** The real processes of the scenes, on loopback ports. */
export interface World {
  readonly audience: string;
  readonly issuerUrl: string;
  readonly operatorUrl: string;
  /** Folder with the signing keys of the issuer. */
  readonly keyFolder: string;
  readonly replicas: readonly Replica[];
  readonly source: LogSource;
  /** A publisher for revocations by an administrator. */
  readonly publisher: Publisher;
  /** The running processes. */
  processes(): readonly { readonly name: string; readonly pid: number | undefined }[];
  /** @param options `atOnce`: kills all processes together, as Ctrl-C asks for. Default: in order. */
  stop(options?: { readonly atOnce?: boolean }): Promise<void>;
}
