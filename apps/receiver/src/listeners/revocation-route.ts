import type { EndRefreshTokens } from '../config/hooks.ts';
import type { SourceOf } from '../config/source-list.ts';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import { hasUnresolved, lookUpSignals, withFound } from '../delivery/look-up-signals.ts';
import { receive } from '../delivery/receive.ts';
import { readTokenRevocation, type Signal, verifyAssertion } from '../signals/index.ts';
import { isBearer, openTokens, unauthenticated } from './authenticate.ts';
import type { RevocationHooks, SourceRouteParts, UncountedRoute } from './open-route.ts';

type Order = Parameters<EndRefreshTokens>[0];

const mostBodyBytes = 16_384;
const retryAfterMs = 5000;

/**
 * Global Token Revocation (draft-parecki-oauth-global-token-revocation): 204 only when the refresh tokens have ended and the log
 * has the revocation; 404: no account; 422: the refresh tokens have not ended. Each credential counts at its own source only,
 * and revokes only in the token issuers of that source.
 */
export function createRevocationRoute(
  source: SourceOf<'global-token-revocation'>,
  parts: SourceRouteParts,
): UncountedRoute {
  const { context, ports, hooks } = parts;
  const { authorizationFile: path, name } = source;
  const tokens = path === undefined ? undefined : openTokens(name, path, parts);
  return {
    maxBytes: mostBodyBytes,
    form: 'error',
    doneStatus: 204,
    async authenticate(request) {
      if (tokens !== undefined) return isBearer(request, tokens) ? undefined : unauthenticated;
      const assertion = /^Bearer +([^ ]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
      if (assertion === undefined) return unauthenticated;
      const verified = await verifyAssertion(Buffer.from(assertion, 'latin1'), context(ports.nowMs()));
      if (verified.outcome === 'authenticated') return undefined;
      return verified.outcome === 'refused' ? { ...unauthenticated, because: verified.reason } : verified;
    },
    async post({ body }) {
      const first = readTokenRevocation(body, context(ports.nowMs()));
      if (first.outcome !== 'accepted') return await receive(source, first, ports);
      const count = (signals: readonly Signal[], result: DeliveryResult) => {
        for (const signal of signals) ports.counter.signalDelivered(signal, result);
      };
      const found = await lookUpSignals(first.signals, hooks?.resolve);
      const signals = found && withFound(first.signals, found, context(ports.nowMs()).source);
      if (found === undefined || signals === undefined) {
        count(first.signals, 'unavailable');
        return { outcome: 'unavailable', status: 503, retryAfterMs };
      }
      const orders = ordersOf(name, signals);
      if (orders.length === 0) {
        count(first.signals, 'unresolved');
        return { outcome: 'other', status: 404, body: { error: 'not_found' } };
      }
      if (!(await endRefreshTokens(hooks, orders))) {
        count(first.signals, 'unavailable');
        return { outcome: 'other', status: 422, body: { error: 'refresh_tokens_not_ended' } };
      }
      // Read again: the cutoff must include the tokens of refreshes until now. It is about the subjects of the first answer of
      // the directory, whose refresh tokens have ended.
      const last = context(ports.nowMs());
      const reading = readTokenRevocation(body, last);
      if (reading.outcome !== 'accepted') return await receive(source, reading, ports);
      count(
        reading.signals.filter((signal) => hasUnresolved(signal, found)),
        'unresolved',
      );
      const resolved = withFound(reading.signals, found, last.source) ?? reading.signals;
      return await receive(source, { outcome: 'accepted', signals: resolved }, ports);
    },
    close: () => tokens?.close(),
  };
}

/** One order for each client that is named, and one for the subjects without one. */
function ordersOf(source: string, signals: readonly Signal[]): readonly Order[] {
  const byClient = new Map<string | undefined, Set<string>>();
  for (const effect of signals.flatMap(({ effects }) => effects)) {
    if (effect.kind !== 'revoke' || !('subject' in effect.revocation)) continue;
    const { subject, client } = effect.revocation;
    byClient.set(client, (byClient.get(client) ?? new Set()).add(subject));
  }
  return [...byClient].map(([client, subjects]) => ({ source, subjects: [...subjects], client }));
}

async function endRefreshTokens(hooks: RevocationHooks | undefined, orders: readonly Order[]): Promise<boolean> {
  try {
    for (const order of orders) await hooks?.endRefreshTokens(order);
    return hooks !== undefined;
  } catch {
    return false; // answered 422: the sender shows it
  }
}
