import type { TelemetryAttributes } from '@revocast/denylist/replica';
import type { TokenCounter, TokenTelemetryApi } from './token-api.ts';
import {
  grantTypes,
  type RefreshKind,
  type ReuseKind,
  refreshKinds,
  reuseKinds,
  type TokenResult,
  tokenResults,
} from './token-observer.ts';

export const scope = '@revocast/issuer';

/** An answer of the token endpoint, with values of closed lists only. */
export interface CountedAnswer {
  readonly grantType: (typeof grantTypes)[number];
  readonly result: TokenResult;
  readonly clientClass: string;
  readonly refreshKind: RefreshKind | undefined;
  readonly replacedAgeSeconds: number | undefined;
}

export interface TokenInstruments {
  answered(answer: CountedAnswer): void;
  reused(clientClass: string, kind: ReuseKind): void;
  storm(clientClass: string): void;
}

/** Without OpenTelemetry. */
export const noInstruments: TokenInstruments = { answered() {}, reused() {}, storm() {} };

/** A point of the gauge of living tokens. */
export interface ActivePoint {
  readonly tokens: number;
  readonly attributes?: TelemetryAttributes;
}

/** Seconds. Tokens live minutes to hours. */
const ageBoundaries = [1, 5, 15, 30, 60, 120, 300, 450, 600, 750, 900, 1800, 3600, 7200, 86_400];

interface InstrumentOptions {
  readonly api: TokenTelemetryApi;
  readonly classes: readonly string[];
  /** Read at every scrape. */
  readonly readActive: () => Promise<readonly ActivePoint[]>;
}

/** The counters of an authorization server; docs/opentelemetry.md lists them. Every series begins at 0. */
export function createTokenInstruments({ api, classes, readActive }: InstrumentOptions): TokenInstruments {
  const meter = api.metrics.getMeter(scope);
  const issued = meter.createCounter('oauth2.token.issued', { description: 'Answers of the token endpoint.' });
  const refreshed = meter.createCounter('oauth2.token.refreshed', { description: 'Answers to refresh tokens.' });
  const reused = meter.createCounter('oauth2.refresh_token.reuse', {
    description: 'Spent refresh tokens that were used again; replayed: almost always theft.',
  });
  const storms = meter.createCounter('oauth2.token.storms', {
    description: 'Minutes in which one client got more than 60 answers of the token endpoint of a process.',
  });
  const age = meter.createHistogram('oauth2.token.age_at_refresh', {
    description: 'Age of the access token that a refresh replaces.',
    unit: 's',
    advice: { explicitBucketBoundaries: ageBoundaries },
  });
  meter
    .createObservableGauge('oauth2.token.active', { description: 'Access tokens that are alive.' })
    .addCallback(async (observed) => {
      for (const { tokens, attributes } of await readActive()) observed.observe(tokens, attributes);
    });
  startAtZero({ issued, refreshed, reused, storms }, classes);
  return {
    answered({ grantType, result, clientClass, refreshKind, replacedAgeSeconds }) {
      issued.add(1, { grant_type: grantType, result, client_class: clientClass });
      if (grantType === 'refresh_token') refreshed.add(1, { result: refreshKind ?? result });
      if (replacedAgeSeconds !== undefined) age.record(replacedAgeSeconds);
    },
    reused: (clientClass, kind) => reused.add(1, { client_class: clientClass, kind }),
    storm: (clientClass) => storms.add(1, { client_class: clientClass }),
  };
}

/** `rate()` misses the first event of a series that begins with it. */
function startAtZero(
  counters: Readonly<Record<'issued' | 'refreshed' | 'reused' | 'storms', TokenCounter>>,
  classes: readonly string[],
): void {
  for (const result of [...tokenResults, ...refreshKinds]) counters.refreshed.add(0, { result });
  for (const client_class of classes) {
    counters.storms.add(0, { client_class });
    for (const kind of reuseKinds) counters.reused.add(0, { client_class, kind });
    for (const grant_type of grantTypes) counters.issued.add(0, { grant_type, result: 'success', client_class });
  }
}
