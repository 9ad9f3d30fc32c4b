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
] as const satisfies readonly MetricSpec[];
