import type { Decision, WhenUnknown } from '../decision.ts';
import type { VerifierOptions } from '../options/options.ts';
import { readBoolean, readOneOf, refuseUnknownKeys } from '../options/read-option.ts';
import type { DecisionUse } from '../telemetry/telemetry.ts';
import { createVerifier } from '../verifier/create-verifier.ts';
import type { Verifier } from '../verifier/verifier.ts';
import { hasParts, partsOf, type VerifierParts } from '../verifier/verifier-parts.ts';
import { refuseRequest } from './answer.ts';
import { type Handler, setState, stateOf } from './request-state.ts';
import { dictionaryModeIsFaster, useDictionaryMode } from './v8-shapes.ts';

export interface ProtectOptions {
  /** Let requests without any credentials pass, without `req.auth`. Bad credentials are refused as ever. Default false. */
  readonly anonymous?: boolean;
  /** What to do here when nobody can tell whether a token is revoked. Default: that of the verifier. */
  readonly whenUnknown?: WhenUnknown;
  /** Hand errors to `next(err)` instead of answering; they carry `status`, `headers` and `code`. Default false. */
  readonly forwardErrors?: boolean;
}

/**
 * Lets only requests with an accepted access token pass, as `req.auth`. For Express 4 and 5.
 *
 * @param target options, or a verifier of your own (to share it, to wait for it, to ask its status).
 * @throws ConfigurationError for wrong options; never because somebody cannot be reached.
 */
export function protect(target: VerifierOptions | Verifier, options: ProtectOptions = {}): Handler {
  const { anonymous, whenUnknown, forwardErrors } = readOptions(options);
  const parts = partsOf(hasParts(target) ? target : createVerifier(target as VerifierOptions));
  const { telemetry, clock, answerStyle: style, reportOnly } = parts;
  if (whenUnknown !== undefined) parts.declareFailOpen(whenUnknown);

  return function protectRequest(request, response, next) {
    const startedAtMs = clock.monotonicMs();
    if (dictionaryModeIsFaster) useDictionaryMode(request, response);
    const conclude = (decision: Decision): void => {
      const use = useOf(decision, { anonymous, reportOnly });
      // A route may be protected more strictly than the app around it: the request is still one request.
      if (stateOf(request)?.parts.telemetry !== telemetry) {
        telemetry.decided(decision, use, clock.monotonicMs() - startedAtMs);
        if (decision.outcome === 'accepted') telemetry.tokenUsed?.(decision.auth, request);
      }
      const scheme = decision.dpop === undefined ? 'bearer' : 'dpop';
      if (decision.dpop?.nonce !== undefined) response.setHeader('DPoP-Nonce', decision.dpop.nonce);
      if (decision.outcome === 'accepted' || use !== 'enforced') {
        const verified = decision.outcome === 'accepted' ? decision.auth : undefined;
        setState(request, { parts, scheme, auth: reportOnly ? undefined : verified, verified, forwardErrors });
        next();
        return;
      }
      const { reason } = decision;
      const cause = decision.outcome === 'unavailable' ? decision.cause : undefined;
      refuseRequest({ reason, wanted: { scheme }, cause }, { request, response, next, style, forwardErrors });
    };
    const decision = parts.decide(request, whenUnknown);
    if (decision instanceof Promise) decision.then(conclude).catch(next);
    else conclude(decision);
  };
}

interface ReadOptions {
  readonly anonymous: boolean;
  readonly whenUnknown: WhenUnknown | undefined;
  readonly forwardErrors: boolean;
}

function readOptions(options: ProtectOptions): ReadOptions {
  refuseUnknownKeys('protect.', { ...options }, ['anonymous', 'whenUnknown', 'forwardErrors']);
  const { anonymous = false, whenUnknown, forwardErrors = false } = options;
  return {
    anonymous: readBoolean('protect.anonymous', anonymous),
    whenUnknown:
      whenUnknown === undefined
        ? undefined
        : readOneOf('protect.whenUnknown', whenUnknown, ['unavailable', 'accept'] as const),
    forwardErrors: readBoolean('protect.forwardErrors', forwardErrors),
  };
}

/** Anonymous means no credentials at all: whoever shows a bad token is refused, or an expired one would be a guest. */
function useOf(
  decision: Decision,
  { anonymous, reportOnly }: Pick<ReadOptions, 'anonymous'> & Pick<VerifierParts, 'reportOnly'>,
): DecisionUse {
  if (anonymous && decision.outcome === 'rejected' && decision.reason === 'missing_token') return 'anonymous';
  return reportOnly ? 'report-only' : 'enforced';
}
