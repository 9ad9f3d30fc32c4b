import { Gate, type GateOptions } from '../gate/gate.ts';
import type { VerifierOptions } from '../options/options.ts';
import { readBoolean, readOneOf, refuseUnknownKeys } from '../options/read-option.ts';
import { createVerifier } from '../verifier/create-verifier.ts';
import type { Verifier } from '../verifier/verifier.ts';
import { hasParts, partsOf } from '../verifier/verifier-parts.ts';
import { conclude, type Handler } from './handler.ts';
import { dictionaryModeIsFaster, useDictionaryMode } from './v8-shapes.ts';

export interface ProtectOptions extends GateOptions {}

/**
 * Passes only requests with an accepted access token, and sets `req.auth`. For Express 4 and 5.
 *
 * @param target options, or a verifier that you created: to share it, to wait for it, or to read its status.
 * @throws ConfigurationError for wrong options; never because a peer is unreachable.
 */
export function protect(target: VerifierOptions | Verifier, options: ProtectOptions = {}): Handler {
  const { anonymous = false, whenUnknown, forwardErrors = false } = options;
  refuseUnknownKeys('protect.', { ...options }, ['anonymous', 'whenUnknown', 'forwardErrors']);
  readBoolean('protect.anonymous', anonymous);
  readBoolean('protect.forwardErrors', forwardErrors);
  if (whenUnknown !== undefined) readOneOf('protect.whenUnknown', whenUnknown, ['unavailable', 'accept']);
  const verifier = hasParts(target) ? target : createVerifier(target as VerifierOptions);
  const gate = new Gate(partsOf(verifier), { anonymous, whenUnknown, forwardErrors });

  return function protectRequest(request, response, next) {
    if (dictionaryModeIsFaster) useDictionaryMode(request, response);
    conclude(gate.enter(request), { response, next, forwardErrors });
  };
}
