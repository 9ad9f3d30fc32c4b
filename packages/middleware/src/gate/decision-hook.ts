import type { Decision } from '../decision.ts';
import { isUnavailable, type Reason } from '../errors.ts';
import type { DecisionUse } from '../telemetry/telemetry.ts';
import type { AnyRequest, RequestWithHeaders } from '../token/bearer.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Receives decisions. What it returns, throws or changes has no effect on them. */
export type OnDecision = (decision: Decision, request: RequestWithHeaders) => unknown;

/** Called with each decision, and with what it was used for. Never throws. */
export type DecisionHook = (decision: Decision, request: AnyRequest, use: DecisionUse) => void;

export interface DecisionHookParts {
  readonly onDecision: ((decision: Decision, request: AnyRequest) => unknown) | undefined;
  readonly refusals: RefusalLog | undefined;
  /** Called when `onDecision` throws or rejects. */
  readonly failed: () => void;
}

/** Returns undefined where there is nothing to call, so that a request without hooks costs a comparison. */
export function decisionHook({ onDecision, refusals, failed }: DecisionHookParts): DecisionHook | undefined {
  if (onDecision === undefined && refusals === undefined) return undefined;
  return (decision, request, use) => {
    if (refusals !== undefined && decision.outcome !== 'accepted' && use !== 'anonymous') {
      refusals.note({ reason: decision.reason, issuerAlias: decision.issuerAlias, reportOnly: use === 'report-only' });
    }
    if (onDecision === undefined) return;
    try {
      // Frozen: the application may keep it, and must not change it.
      const returned = onDecision(Object.freeze(decision), request);
      // An unhandled rejection would end the process.
      if (isThenable(returned)) Promise.resolve(returned).catch(failed);
    } catch {
      failed();
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** The decision of a guard about a token that was accepted before. */
export function refusedByGuard(decision: Decision, reason: Reason, cause?: unknown): Decision {
  const { issuerAlias, cached } = decision;
  return isUnavailable(reason)
    ? { outcome: 'unavailable', reason, issuerAlias, cached, cause }
    : { outcome: 'rejected', reason, issuerAlias, cached };
}
