import type { TokenObserver } from '../telemetry/token-observer.ts';
import type { FamilyObserver } from './family-observer.ts';
import { refuse } from './refusal.ts';

/** Counts a family's refreshes as answers of the token endpoint. */
export function observeFamilies(observe: Pick<TokenObserver, 'answered' | 'reused'>): FamilyObserver {
  const grantType = 'refresh_token';
  return {
    refreshed({ client, nowMs, replacedAtMs }) {
      const replacedIssuedAt = replacedAtMs === undefined ? undefined : Math.floor(replacedAtMs / 1000);
      observe.answered({ grantType, result: 'success', client, issuedAt: Math.floor(nowMs / 1000), replacedIssuedAt });
    },
    refused({ outcome, client }) {
      const { status, error } = refuse(outcome);
      observe.answered({ grantType, result: status === 503 ? 'server_error' : error, client });
      if (outcome === 'replayed' || outcome === 'late_retry' || outcome === 'wrong_key') {
        observe.reused({ client, kind: outcome });
      }
    },
    shadowed() {},
  };
}
