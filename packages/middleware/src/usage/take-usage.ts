import { processWide } from '@revocast/denylist/replica';
import type { ResolvedOptions } from '../options/options.ts';
import type { ResolvedRevocation } from '../options/revocation-options.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { PartDependencies } from '../verifier/verifier-dependencies.ts';
import { WeakMemo } from '../verifier/weak-memo.ts';
import { UsageReporter } from './usage-reporter.ts';
import { withUsage } from './with-usage.ts';

const telemetries = processWide('middleware.used-telemetries.1', () => new WeakMemo<Telemetry>());

/**
 * Adds the figures of usage to a telemetry, if the options ask for them.
 *
 * @returns the same object for verifiers with the same options and the same feed.
 */
export function takeUsage(
  options: Pick<ResolvedOptions, 'usage' | 'clientClasses' | 'revocation'>,
  dependencies: Omit<PartDependencies, 'log'>,
): Telemetry {
  const { usage, clientClasses, revocation } = options;
  const { clock, telemetry } = dependencies;
  if (usage === undefined) return telemetry;
  const reporter = takeReporter(revocation, dependencies);
  return telemetries.get([telemetry, usage, clientClasses, reporter ?? noReporter], () =>
    withUsage(telemetry, { usage, clientClasses, clock, reporter }),
  );
}

const noReporter = processWide('middleware.no-reporter.1', () => ({}));

/** One reporter for all verifiers that follow the same sidecar; none for a feed that was passed as an object. */
function takeReporter(
  revocation: ResolvedRevocation | null,
  { clock, shared, openUsageStore, releases }: Omit<PartDependencies, 'log'>,
): UsageReporter | undefined {
  if (revocation === null || typeof revocation.feed !== 'string') return undefined;
  const { feed, tokenFile, dangerouslyAllowHttp } = revocation;
  return shared.usageReporters.take(
    JSON.stringify([feed, tokenFile, dangerouslyAllowHttp]),
    releases,
    () => new UsageReporter({ clock, open: () => openUsageStore(feed, { clock, tokenFile, dangerouslyAllowHttp }) }),
  );
}
