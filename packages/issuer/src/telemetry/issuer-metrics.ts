import { logErrorCodes } from '@revocast/denylist';
import type { MetricSpec } from '@revocast/denylist/replica';
import { familyMetrics } from '../families/family-metrics.ts';
import { outboxOutcomes } from '../outbox/outbox-store.ts';
import { storeErrorCodes } from '../outbox/store-error.ts';

/** The tables of a store. */
export const storeTables = ['family', 'outbox'] as const;
export type StoreTable = (typeof storeTables)[number];

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
  {
    name: 'stamped_ahead_total',
    type: 'counter',
    labels: {},
    help: 'Access tokens with an iat about a minute or more ahead of the clock of this process: a cutoff of now does not include them.',
    unit: 'events',
  },
  ...familyMetrics,
  {
    name: 'store_rows',
    type: 'gauge',
    labels: { table: storeTables, state: ['active', 'ended'] },
    help: 'Rows of the store, of all processes with it, read once a minute. Ended ones are deleted: families after 30 days, revocations after 7.',
    unit: 'entries',
  },
  {
    name: 'collected_total',
    type: 'counter',
    labels: { kind: ['expired', 'family', 'outbox'] },
    help: 'Families that this process has ended because their lifetime was over, and rows of both tables that it has deleted.',
    unit: 'entries',
  },
  {
    name: 'collector_last_success_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'When the collector of families of this process had last nothing left to do; 0 before that.',
    unit: 'seconds',
  },
] as const satisfies readonly MetricSpec[];

export type IssuerMetricName = (typeof issuerMetrics)[number]['name'];
