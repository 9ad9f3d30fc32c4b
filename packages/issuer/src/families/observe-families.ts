import type { RefreshKind, TokenObserver } from '../telemetry/token-observer.ts';
import type { FamilyCounters, FamilyObserver, FamilyOutcome } from './family-observer.ts';
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
        refreshKind: kindOf(outcome),
      });
    },
    refused({ outcome, client }) {
      counters.shown(outcome);
      const { status, error } = refuse(outcome);
      const result = status === 503 ? 'server_error' : error;
      observe.answered({ grantType, result, client, refreshKind: kindOf(outcome) });
      if (outcome === 'replayed' || outcome === 'late_retry' || outcome === 'wrong_key') {
        observe.reused({ client, kind: outcome });
      }
    },
    shadowed: () => counters.shadowed(),
  };
}

/** Where it is more exact than the result of the answer. */
function kindOf(outcome: FamilyOutcome): RefreshKind | undefined {
  switch (outcome) {
    case 'retried':
    case 'late_retry':
    case 'replayed':
    case 'throttled':
      return outcome;
    default:
      return undefined;
  }
}
