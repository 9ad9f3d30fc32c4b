import { refreshKinds, type TokenObserver } from '../telemetry/token-observer.ts';
import type { FamilyCounters, FamilyObserver } from './family-observer.ts';
import { refuse } from './refusal.ts';

/** Counts what is shown to families, and the answers as those of a token endpoint. */
export function observeFamilies(
  observe: Pick<TokenObserver, 'answered' | 'reused'>,
  counters: Pick<FamilyCounters, 'shown' | 'shadowed'>,
): FamilyObserver {
  const grantType = 'refresh_token';
  return {
    refreshed({ outcome, client, nowMs, replacedAtMs }) {
      counters.shown(outcome);
      const replacedIssuedAt = replacedAtMs === undefined ? undefined : Math.floor(replacedAtMs / 1000);
      observe.answered({
        grantType,
        result: 'success',
        client,
        issuedAt: Math.floor(nowMs / 1000),
        replacedIssuedAt,
        refreshKind: outcome === 'retried' ? outcome : undefined,
      });
    },
    refused({ outcome, client }) {
      counters.shown(outcome);
      const { status, error } = refuse(outcome);
      const refreshKind = refreshKinds.find((kind) => kind === outcome);
      observe.answered({ grantType, result: status === 503 ? 'server_error' : error, client, refreshKind });
      if (outcome === 'replayed' || outcome === 'late_retry' || outcome === 'wrong_key') {
        observe.reused({ client, kind: outcome });
      }
    },
    shadowed: () => counters.shadowed(),
  };
}
