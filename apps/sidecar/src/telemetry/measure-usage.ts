import type { UsageFigures } from '@revocast/denylist/replica';
import type { Metrics } from './register-metrics.ts';

/** Sets the figures of the fleet. As long as nobody has reported there is no sample: a 0 would be a lie. */
export function measureUsage(metrics: Metrics, figures: UsageFigures | undefined): void {
  const subjects = metrics.gauge('active_subjects');
  const tokens = metrics.gauge('tokens_seen');
  subjects.reset();
  tokens.reset();
  if (figures === undefined) return;
  subjects.set({ period: 'day' }, figures.subjectsOfDay);
  subjects.set({ period: 'month' }, figures.subjectsOfMonth);
  for (const [client_class, count] of Object.entries(figures.tokensOfDay)) {
    tokens.set({ client_class, period: 'day' }, count);
  }
}
