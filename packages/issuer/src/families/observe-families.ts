import { createHash } from 'node:crypto';
import type { RefreshKind, TokenObserver, TokenReuse } from '../telemetry/token-observer.ts';
import type { FamilyCounters, FamilyObserver, FamilyOutcome, Refusal } from './family-observer.ts';
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
    refused({ outcome, client, shown }) {
      counters.shown(outcome);
      const { status, error } = refuse(outcome);
      const result = status === 503 ? 'server_error' : error;
      observe.answered({ grantType, result, client, refreshKind: kindOf(outcome) });
      if (outcome === 'replayed' || outcome === 'late_retry' || outcome === 'wrong_key') {
        observe.reused({ client, kind: outcome, ...(shown !== undefined && describe(shown)) });
      }
    },
    shadowed: () => counters.shadowed(),
  };
}

function describe({ generation, family, nowMs }: NonNullable<Refusal['shown']>): Omit<TokenReuse, 'client' | 'kind'> {
  const { id, rotatedAtMs, openedAtMs } = family;
  return {
    generationsBehind: family.generation - generation,
    secondsSinceRotation: Math.max(0, nowMs - (rotatedAtMs ?? openedAtMs)) / 1000,
    familyDigest: createHash('sha256').update(id).digest('hex').slice(0, 8),
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
