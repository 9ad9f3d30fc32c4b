import type { OpenTelemetryApi } from '@revocast/denylist';
import type { TokenObserver } from './token-observer.ts';

interface TokenObserverPorts {
  readonly openTelemetry?: OpenTelemetryApi;
  readonly tokenIssued: (iat: number) => void;
}

/** What a lifecycle has as `observe`. */
export function createTokenObserver({ tokenIssued }: TokenObserverPorts): TokenObserver {
  const answered: TokenObserver['answered'] = ({ issuedAt }) => {
    if (issuedAt !== undefined) tokenIssued(issuedAt);
  };
  return {
    async request(handle) {
      answered(await handle());
    },
    answered,
    reused() {},
  };
}
