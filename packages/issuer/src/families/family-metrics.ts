import type { MetricSpec } from '@revocast/denylist/replica';
import { familyOutcomes } from './family-observer.ts';

/** The metrics of refresh families. */
export const familyMetrics = [
  {
    name: 'refresh_outcomes_total',
    type: 'counter',
    labels: { outcome: familyOutcomes },
    help: 'Refresh tokens that were shown to families of this process, by outcome.',
    unit: 'events',
  },
  {
    name: 'refresh_shadowed_total',
    type: 'counter',
    labels: {},
    help: 'Families of which three tokens in a row were spent twice within the grace: several tabs, or a thief.',
    unit: 'events',
  },
  {
    name: 'refresh_families',
    type: 'gauge',
    labels: { state: ['active', 'ended'] },
    help: 'Rows of refresh families in the store, of all processes with it. Ended rows are deleted after 30 days.',
    unit: 'entries',
  },
  {
    name: 'refresh_families_collected_total',
    type: 'counter',
    labels: { kind: ['expired', 'deleted'] },
    help: 'Families that this process has ended because their lifetime was over, and rows that it has deleted.',
    unit: 'entries',
  },
  {
    name: 'refresh_collector_last_success_timestamp_seconds',
    type: 'gauge',
    labels: {},
    help: 'When the collector of this process had last nothing left to do; 0 before that.',
    unit: 'seconds',
  },
] as const satisfies readonly MetricSpec[];
