import { Gate } from '../gate/gate.ts';
import { type GivenGateOptions, readGateOptions } from '../gate/gate-options.ts';
import type { VerifierOptions } from '../options/options.ts';
import { createVerifier } from '../verifier/create-verifier.ts';
import type { Verifier } from '../verifier/verifier.ts';
import { hasParts, partsOf } from '../verifier/verifier-parts.ts';
import { conclude, type Handler } from './handler.ts';
import { dictionaryModeIsFaster, useDictionaryMode } from './v8-shapes.ts';

export type ProtectOptions = GivenGateOptions;

/**
 * Passes only requests with an accepted access token, and sets `req.auth`. For Express 4 and 5.
 *
 * @param target options, or a verifier that you created: to share it, to wait for it, or to read its status.
 * @throws ConfigurationError for wrong options; never because a peer is unreachable.
 */
export function protect(target: VerifierOptions | Verifier, options: ProtectOptions = {}): Handler {
  const gateOptions = readGateOptions('protect', options);
  const verifier = hasParts(target) ? target : createVerifier(target as VerifierOptions);
  const gate = new Gate(partsOf(verifier), gateOptions);

  return function protectRequest(request, response, next) {
    if (dictionaryModeIsFaster) useDictionaryMode(request, response);
    conclude(gate.enter(request), { response, next, forwardErrors: gateOptions.forwardErrors });
  };
}
