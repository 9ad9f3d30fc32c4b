import type { RequestListener } from 'node:http';
import type { FeedServer, Replica, ReplicationObserver } from '@revocast/denylist/replica';
import { Registry } from 'prom-client';
import type { Probes } from '../probes.ts';

export interface Telemetry {
  readonly registry: Registry;
  observe(observer: ReplicationObserver): ReplicationObserver;
  count(app: RequestListener): RequestListener;
  watch(parts: { readonly replica: Replica; readonly probes: Probes; readonly feedServer: FeedServer }): void;
}

export function createTelemetry(_version: { readonly version: string; readonly node: string }): Telemetry {
  return {
    registry: new Registry(),
    observe: (observer) => observer,
    count: (app) => app,
    watch: () => undefined,
  };
}
