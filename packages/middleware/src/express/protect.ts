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
 * Returns a handler that lets only requests with an accepted access token pass, and sets `req.auth`. The option `anonymous`
 * and report-only mode let more requests pass. For Express 4 and 5.
 *
 * @param optionsOrVerifier options of a verifier, or a verifier that you created: to share it, to wait for it, or to read
 * its status.
 * @throws ConfigurationError for wrong options; never because a sidecar, Redis or an issuer is unreachable.
 */
export function protect(optionsOrVerifier: VerifierOptions | Verifier, options: ProtectOptions = {}): Handler {
  const gateOptions = readGateOptions('protect', options);
  const verifier = hasParts(optionsOrVerifier)
    ? optionsOrVerifier
    : createVerifier(optionsOrVerifier as VerifierOptions);
  const gate = new Gate(partsOf(verifier), gateOptions);

  return function protectRequest(request, response, next) {
    // V8 up to 12 handles these objects slowly after Express has replaced their prototypes: see v8-shapes.ts.
    if (dictionaryModeIsFaster) useDictionaryMode(request, response);
    conclude(gate.enter(request), { response, next, forwardErrors: gateOptions.forwardErrors });
  };
}
