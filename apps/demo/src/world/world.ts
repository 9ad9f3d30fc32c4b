import type { Publisher } from '@revocast/denylist';

/** One API process and the sidecar beside it. */
export interface Replica {
  readonly name: string;
  readonly url: string;
  /** Where the sidecar serves probes and metrics. */
  readonly sidecarUrl: string;
}

/** Where revocations are logged, and the means to break it. */
export interface LogSource {
  readonly kind: 'redis' | 'embedded';
  /** For people: what is killed and started again. */
  readonly description: string;
  /** Of the process that holds the log; undefined while it is down. */
  readonly pid: () => number | undefined;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  restart(): Promise<void>;
}

/** Everything the scenes play in: real processes on loopback ports. */
export interface World {
  readonly audience: string;
  readonly issuerUrl: string;
  readonly operatorUrl: string;
  /** Where the issuer keeps its signing keys. */
  readonly keyFolder: string;
  readonly replicas: readonly Replica[];
  readonly source: LogSource;
  /** A publisher of the demo's own, for an administrator who revokes tokens by hand. */
  readonly publisher: Publisher;
  /** What runs at this moment. */
  processes(): readonly { readonly name: string; readonly pid: number | undefined }[];
  stop(): Promise<void>;
}
