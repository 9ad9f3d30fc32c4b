import type { Meter } from '@opentelemetry/api';
import type { GrantType, TokenResult } from './token-answer.ts';
import { grantTypes, tokenResults } from './token-answer.ts';

/** An answer of the token endpoint. */
export interface TokenAnswer {
  readonly grantType: GrantType;
  readonly result: TokenResult;
  readonly clientClass: string;
  /** Age of the access token that is replaced; undefined when none is. */
  readonly replacedAgeSeconds: number | undefined;
}

export interface Instruments {
  answered(answer: TokenAnswer): void;
  /** A refresh token was used a second time. */
  refreshTokenReused(clientClass: string): void;
}

export interface InstrumentsOptions {
  readonly meter: Meter;
  /** All classes of clients. */
  readonly classes: readonly string[];
  /** Read at every scrape. */
  readonly countActive: () => number;
}

/** Seconds. Tokens of docs/token-lifecycle.md live 15 minutes; other issuers use hours. */
const ageBoundaries = [1, 5, 15, 30, 60, 120, 300, 450, 600, 750, 900, 1800, 3600, 7200, 86_400];

/** The metrics of the authorization server in docs/opentelemetry.md. */
export function createInstruments({ meter, classes, countActive }: InstrumentsOptions): Instruments {
  const issued = meter.createCounter('oauth2.token.issued', { description: 'Answers of the token endpoint.' });
  const refreshed = meter.createCounter('oauth2.token.refreshed', { description: 'Answers to refresh tokens.' });
  const reused = meter.createCounter('oauth2.refresh_token.reuse', {
    description: 'Used refresh tokens that were shown again: almost always theft.',
  });
  const age = meter.createHistogram('oauth2.token.age_at_refresh', {
    description: 'Age of the access token that a refresh replaces.',
    unit: 's',
    advice: { explicitBucketBoundaries: ageBoundaries },
  });
  meter
    .createObservableGauge('oauth2.token.active', {
      description: 'Access tokens that were issued, have not expired and were not revoked here.',
    })
    .addCallback((observed) => observed.observe(countActive()));

  // `rate()` misses the first event of a series that begins with it, so each series begins at 0.
  for (const result of tokenResults) refreshed.add(0, { result });
  for (const client_class of classes) {
    reused.add(0, { client_class });
    for (const grant_type of grantTypes) issued.add(0, { grant_type, result: 'success', client_class });
  }

  return {
    answered({ grantType, result, clientClass, replacedAgeSeconds }) {
      issued.add(1, { grant_type: grantType, result, client_class: clientClass });
      if (grantType === 'refresh_token') refreshed.add(1, { result });
      if (replacedAgeSeconds !== undefined) age.record(Math.max(0, replacedAgeSeconds));
    },
    refreshTokenReused(clientClass) {
      reused.add(1, { client_class: clientClass });
    },
  };
}
