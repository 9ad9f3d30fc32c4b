import type { ClientClasses } from '../options/client-classes.ts';
import type { ResolvedUsage } from '../options/usage-options.ts';
import type { Counter, MetricFamilies } from '../telemetry/middleware-metrics.ts';
import type { ReportResult } from './usage-reporter.ts';

/** The series of usage, bound once. Their number does not depend on what clients send. */
export type UsageSeries = ReturnType<typeof usageSeries>;

/** Stands for every scope that is not configured. */
const unlistedScope = 'other';

/** Counts nothing, where there is no registry. */
const uncounted: MetricFamilies = { cell: () => ({ value: 0 }), histogram: () => ({ observe() {} }) };

export function usageSeries(
  families: MetricFamilies = uncounted,
  { usage, clientClasses }: { readonly usage: ResolvedUsage; readonly clientClasses: ClientClasses },
) {
  const requests = new Map(
    clientClasses.names.map((name) => [name, families.cell('usage_requests_total', { client_class: name })]),
  );
  const scopeNames = [...new Set([...usage.scopes, unlistedScope])];
  const byUse = (use: 'granted' | 'used') =>
    new Map(scopeNames.map((scope) => [scope, families.cell('usage_scope_requests_total', { scope, use })]));
  const [granted, used] = [byUse('granted'), byUse('used')];
  const hook = (name: string) => {
    const cell = families.cell('usage_hook_failures_total', { hook: name });
    return () => {
      cell.value += 1;
    };
  };
  return {
    requests: (clientClass: string) => found(requests, clientClass),
    // Several scopes that are not configured count as one `other`.
    granted: (scopes: readonly string[]) => [
      ...new Set(scopes.map((scope) => granted.get(scope) ?? found(granted, unlistedScope))),
    ],
    used: (scope: string) => used.get(scope) ?? found(used, unlistedScope),
    age: families.histogram('token_age_at_use_seconds'),
    suspicious: families.cell('suspicious_uses_total'),
    overflow: families.cell('usage_overflow_total'),
    locateFailed: hook('locate'),
    onSuspiciousUseFailed: hook('on_suspicious_use'),
    reported(result: ReportResult) {
      families.cell('usage_reports_total', { result }).value += 1;
    },
  };
}

function found(cells: ReadonlyMap<string, Counter>, name: string): Counter {
  const cell = cells.get(name);
  if (cell === undefined) throw new Error(`not a configured value: ${name}`);
  return cell;
}
