import { ConfigurationError, type CreatePublisherOptions, type Publisher } from '@revocast/denylist';
import { checkOptions, checkWholeNumber, type MetricsRegistry, unexpected } from '@revocast/denylist/replica';
import type { SubjectsOf } from '../events/subjects.ts';
import type { TokenTelemetryApi } from '../telemetry/token-api.ts';
import type { TokenKeys } from '../token/token-keys.ts';
import { type ClientClasses, checkClientClasses } from './client-classes.ts';
import type { LifecycleStore } from './lifecycle-store.ts';

/** What {@link createLifecycle} takes. */
export interface LifecycleOptions {
  /** The `iss` of the tokens, exactly as they have it. */
  readonly issuer: string;
  /** The URL of the log, as `createPublisher` takes it, or a publisher, which stays open when the lifecycle is closed. */
  readonly log: string | Publisher;
  /** Options of the publisher that is made for a URL. */
  readonly publisher?: Omit<CreatePublisherOptions, 'clock' | 'issuerSpreadSeconds' | 'openTelemetry'> | undefined;
  /** Where events wait for the log: `memoryStore()` or `postgresStore(pool)`. Default none: `report` rejects while it is down. */
  readonly store?: LifecycleStore | undefined;
  /** Seconds by which the clocks of the processes that stamp `iat` may differ: 0–60, default 1. */
  readonly issuerSpreadSeconds?: number | undefined;
  /** Whether this process logs what is pending: default true. At least one process with the same store must. */
  readonly worker?: boolean | undefined;
  /** The public keys that sign access tokens, a key set or its URL, for `revokeToken`. Default none. */
  readonly keys?: TokenKeys | undefined;
  /**
   * For issuers whose `sub` is not the account, for example pairwise subjects: every `sub` that tokens of an account can carry.
   * The `subject` of an event is then the account. Default: the account is the `sub`.
   */
  readonly subjectsOf?: SubjectsOf | undefined;
  /** `import * as api from '@opentelemetry/api'`. Default none. */
  readonly openTelemetry?: TokenTelemetryApi | undefined;
  /** A registry of prom-client for the metrics of docs/metrics.md. Default none. */
  readonly metrics?: { readonly registry: MetricsRegistry } | undefined;
  /** Class → client ids: the classes are the values of the label `client_class`. At most 20; default none. */
  readonly clientClasses?: ClientClasses | undefined;
  /** How many access tokens are alive, from your store of tokens; read at each scrape. Default: those of families and of client credentials. */
  readonly countActive?: (() => number | Promise<number>) | undefined;
  /** Called once a minute for a client that gets more than 60 answers of this process in it. What it throws is ignored. */
  readonly onStorm?: ((client: string) => void) | undefined;
}

/** Every option. */
export const optionNames = [
  'issuer',
  'log',
  'publisher',
  'store',
  'issuerSpreadSeconds',
  'worker',
  'keys',
  'subjectsOf',
  'openTelemetry',
  'metrics',
  'clientClasses',
  'countActive',
  'onStorm',
] as const satisfies readonly (keyof LifecycleOptions)[];

/** The options with their defaults. @throws ConfigurationError with the option, what was expected and what was found. */
export function checkLifecycleOptions(options: LifecycleOptions) {
  checkOptions('createLifecycle', options, optionNames);
  const { issuer, log, store, worker = true, issuerSpreadSeconds = 1 } = options;
  if (typeof issuer !== 'string' || issuer === '' || issuer.length > 4096) {
    throw unexpected('issuer', 'the iss of the tokens, 1–4096 characters', issuer);
  }
  if (typeof log !== 'string' && typeof log?.revoke !== 'function') {
    throw unexpected('log', 'a URL or a publisher', log);
  }
  if (typeof log !== 'string' && options.publisher !== undefined) {
    throw new ConfigurationError('publisher', 'expected none, because log is a publisher that has its own options');
  }
  if (store !== undefined && typeof store.outbox?.add !== 'function') {
    throw unexpected('store', 'memoryStore() or postgresStore(pool)', store);
  }
  if (typeof worker !== 'boolean') {
    throw unexpected('worker', 'true or false', worker);
  }
  for (const name of ['subjectsOf', 'countActive', 'onStorm'] as const) {
    const hook = options[name];
    if (hook !== undefined && typeof hook !== 'function') {
      throw unexpected(name, 'a function', hook);
    }
  }
  checkTelemetry(options);
  checkWholeNumber('issuerSpreadSeconds', issuerSpreadSeconds, { least: 0, most: 60, unit: 's' });
  return { ...options, worker, issuerSpreadSeconds, clientClasses: checkClientClasses(options.clientClasses ?? {}) };
}

function checkTelemetry({ openTelemetry, metrics }: LifecycleOptions): void {
  const hasApi =
    typeof openTelemetry?.trace?.getTracer === 'function' && typeof openTelemetry.metrics?.getMeter === 'function';
  if (openTelemetry !== undefined && !hasApi) {
    throw new ConfigurationError('openTelemetry', 'expected the exports of @opentelemetry/api, found another value');
  }
  if (metrics !== undefined && typeof metrics?.registry?.registerMetric !== 'function') {
    throw new ConfigurationError(
      'metrics',
      'expected { registry } with a registry of prom-client, found another value',
    );
  }
}
