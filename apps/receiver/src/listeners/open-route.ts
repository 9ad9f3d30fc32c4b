import type { Clock } from '@revocast/denylist/replica';
import type { Logger } from 'pino';
import type { EndRefreshTokens } from '../config/hooks.ts';
import type { Source } from '../config/source-list.ts';
import type { ReceivePorts } from '../delivery/receive.ts';
import type { Resolver } from '../delivery/resolve.ts';
import type { VerifyingContext } from '../signals/index.ts';
import type { Route } from './routes.ts';

/** A source that runs. */
export interface RunningSource {
  readonly source: Source;
  /** What its messages are read with, as of now. */
  readonly context: (nowMs: number) => VerifyingContext;
}

export interface SourceRouteParts extends RunningSource {
  readonly ports: ReceivePorts;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly hooks: RevocationHooks | undefined;
}

/** What a route needs to stop. */
export interface OpenRoute extends Route {
  close?(): void;
}

/** A route before its answers are counted. */
export type UncountedRoute = Omit<OpenRoute, 'report'>;

/** What a Global Token Revocation request needs beside the log. */
export interface RevocationHooks {
  readonly resolve?: Resolver | undefined;
  readonly endRefreshTokens: EndRefreshTokens;
}
