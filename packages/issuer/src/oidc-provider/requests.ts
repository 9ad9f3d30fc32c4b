import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from '@revocast/denylist/replica';
import type { Outcome } from '../lifecycle/outcome.ts';
import type { ProviderContext } from './provider.ts';

/** A request at the authorization server, and what was reported while it was handled. */
export interface ProviderRequest {
  readonly context: ProviderContext;
  /** How long the answer waits for each report, in milliseconds. */
  readonly waitMs: number;
  readonly settling: Set<Promise<Outcome>>;
  /** Whether the library has ended a grant. */
  endedGrant: boolean;
}

/**
 * The request that the running code belongs to. The library calls its storage without the request, and no answer waits for its
 * events: what they report is collected here, and the answer waits for it.
 */
const requests = processWide('oidc-requests.1', () => new AsyncLocalStorage<ProviderRequest>());

/** Undefined outside a request, for example in code of an operator that deletes a grant. */
export function currentRequest(): ProviderRequest | undefined {
  return requests.getStore();
}

/** Lets the answer to the request of the running code wait for what was reported, if there is a request. */
export function holdAnswerFor(outcome: Outcome): void {
  const request = requests.getStore();
  if (request === undefined) return;
  const settled = outcome.settled(request.waitMs);
  // Awaited before the answer. This handler prevents an unhandled rejection before that.
  settled.catch(() => undefined);
  request.settling.add(settled);
}

/** Runs `handle`, and everything that it awaits, as part of a request. */
export function inRequest(
  { context, waitMs }: Pick<ProviderRequest, 'context' | 'waitMs'>,
  handle: (request: ProviderRequest) => Promise<void>,
): Promise<void> {
  const request: ProviderRequest = { context, waitMs, settling: new Set(), endedGrant: false };
  return requests.run(request, () => handle(request));
}
