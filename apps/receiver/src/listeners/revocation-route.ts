import type { EndRefreshTokens } from '../config/hooks.ts';
import type { SourceOf } from '../config/source-list.ts';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import { receive } from '../delivery/receive.ts';
import type { Resolver } from '../delivery/resolve.ts';
import { type Reading, readTokenRevocation, verifyAssertion } from '../signals/index.ts';
import { isBearer, openTokens, unauthenticated } from './authenticate.ts';
import type { RevocationHooks, SourceRouteParts, UncountedRoute } from './open-route.ts';

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
      const subjects = await subjectsOf(first, name, hooks?.resolve);
      const count = (result: DeliveryResult) => {
        for (const signal of first.signals) ports.counter.signalDelivered(signal, result);
      };
      if (subjects === undefined) {
        count('unavailable');
        return { outcome: 'unavailable', status: 503, retryAfterMs };
      }
      if (subjects.length === 0) {
        count('unresolved');
        return { outcome: 'other', status: 404, body: { error: 'not_found' } };
      }
      if (!(await endRefreshTokens(hooks, { source: name, subjects }))) {
        count('unavailable');
        return { outcome: 'other', status: 422, body: { error: 'refresh_tokens_not_ended' } };
      }
      // Read again: the cutoff must include the tokens of refreshes until now.
      return await receive(source, readTokenRevocation(body, context(ports.nowMs())), ports);
    },
    close: () => tokens?.close(),
  };
}

/** @returns undefined while the directory does not answer. */
async function subjectsOf(reading: Reading, source: string, resolve: Resolver | undefined) {
  const signals = reading.outcome === 'accepted' ? reading.signals : [];
  const subjects = new Set<string>();
  for (const effect of signals.flatMap(({ effects }) => effects)) {
    if (effect.kind === 'revoke' && 'subject' in effect.revocation) subjects.add(effect.revocation.subject);
    if (effect.kind !== 'resolve' || resolve === undefined) continue;
    const resolved = await resolve({ source, identifier: effect.identifier, eventAtMs: effect.action.stateAtMs });
    if (resolved.outcome === 'unavailable') return undefined;
    for (const subject of resolved.subjects) subjects.add(subject);
  }
  return [...subjects];
}

async function endRefreshTokens(
  hooks: RevocationHooks | undefined,
  order: Parameters<EndRefreshTokens>[0],
): Promise<boolean> {
  try {
    await hooks?.endRefreshTokens(order);
    return hooks !== undefined;
  } catch {
    return false; // answered 422: the sender shows it
  }
}
