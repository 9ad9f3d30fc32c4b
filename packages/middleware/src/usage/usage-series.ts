import type { ClientClasses } from '../options/client-classes.ts';
import type { ResolvedUsage } from '../options/usage-options.ts';
import type { MetricFamilies } from '../telemetry/metric-families.ts';
import type { ReportResult } from './usage-reporter.ts';

/** One series: counting is an addition. */
export interface Counter {
  value: number;
}

/** The series of usage, bound once: all that there will ever be, whoever sends what. */
export interface UsageSeries {
  /** Accepted requests, by class. */
  requests(clientClass: string): Counter;
  /** Each counted scope once, in this order. */
  granted(scopes: readonly string[]): readonly Counter[];
  used(scope: string): Counter;
  readonly age: { observe(seconds: number): void };
  readonly suspicious: Counter;
  readonly overflow: Counter;
  locateFailed(): void;
  onSuspiciousUseFailed(): void;
  reported(result: ReportResult): void;
}

/** Scopes that are not configured, together. */
const unlistedScope = 'other';

/** Without a registry nothing is counted: the cells lead nowhere. */
const uncounted: MetricFamilies = { cell: () => ({ value: 0 }), histogram: () => ({ observe() {} }) };

export function usageSeries(
  families: MetricFamilies = uncounted,
  { usage, clientClasses }: { readonly usage: ResolvedUsage; readonly clientClasses: ClientClasses },
): UsageSeries {
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
    requests: (clientClass) => found(requests, clientClass),
    // Ten scopes that nobody configured are still one request with another scope.
    granted: (scopes) => [...new Set(scopes.map((scope) => granted.get(scope) ?? found(granted, unlistedScope)))],
    used: (scope) => used.get(scope) ?? found(used, unlistedScope),
    age: families.histogram('token_age_at_use_seconds'),
    suspicious: families.cell('suspicious_uses_total'),
    overflow: families.cell('usage_overflow_total'),
    locateFailed: hook('locate'),
    onSuspiciousUseFailed: hook('on_suspicious_use'),
    reported(result) {
      families.cell('usage_reports_total', { result }).value += 1;
    },
  };
}

function found(cells: ReadonlyMap<string, Counter>, name: string): Counter {
  const cell = cells.get(name);
  if (cell === undefined) throw new Error(`not one of the configured values: ${name}`);
  return cell;
}
