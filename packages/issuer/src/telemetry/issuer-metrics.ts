import { logErrorCodes } from '@revocast/denylist';
import type { MetricSpec } from '@revocast/denylist/replica';
import { familyMetrics } from '../families/family-metrics.ts';
import { outboxOutcomes } from '../outbox/outbox-store.ts';
import { storeErrorCodes } from '../outbox/store-error.ts';

/** Why an attempt to log a revocation failed. */
export const attemptFailures = [...logErrorCodes, 'unexpected'] as const;

/** All metrics of an authorization server. */
export const issuerMetrics = [
  {
    name: 'outbox_pending',
    type: 'gauge',
    labels: {},
    help: 'Revocations that are noted in the store and not in the log yet, of all processes with this store.',
    unit: 'entries',
  },
  {
    name: 'outbox_oldest_seconds',
    type: 'gauge',
    labels: {},
    help: 'Age of the oldest pending revocation; 0 without one.',
    unit: 'seconds',
  },
  {
    name: 'outbox_settled_total',
    type: 'counter',
    labels: { outcome: outboxOutcomes },
    help: 'Revocations that this process has settled; refused: not in force, stuck: 20 hours late, so not as reported.',
    unit: 'events',
  },
  {
    name: 'outbox_attempt_failures_total',
    type: 'counter',
    labels: { code: attemptFailures },
    help: 'Attempts of this process to log a revocation that failed, by the code of the error.',
    unit: 'events',
  },
  {
    name: 'outbox_store_failures_total',
    type: 'counter',
    labels: { code: [...storeErrorCodes, 'unexpected'] },
    help: 'Calls of the store that failed, of reports and of the worker, by the code of the error.',
    unit: 'events',
  },
  {
    name: 'refresh_early_total',
    type: 'counter',
    labels: {},
    help: 'Refreshes less than 5 s after the token that they replace was issued.',
    unit: 'events',
  },
  ...familyMetrics,
] as const satisfies readonly MetricSpec[];

export type IssuerMetricName = (typeof issuerMetrics)[number]['name'];
