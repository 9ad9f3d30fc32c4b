import { ConfigurationError } from '../errors.ts';
import { Gate } from '../gate/gate.ts';
import { type GivenGateOptions, readGateOptions } from '../gate/gate-options.ts';
import type { VerifierOptions } from '../options/options.ts';
import { verifierOf } from '../verifier/create-verifier.ts';
import type { Verifier } from '../verifier/verifier.ts';
import { partsOf } from '../verifier/verifier-parts.ts';
import { conclude, type Handler } from './handler.ts';
import { dictionaryModeIsFaster, useDictionaryMode } from './v8-shapes.ts';

export type ProtectOptions = GivenGateOptions;

/**
 * Returns a handler that lets only requests with an accepted access token pass, and sets `req.auth`. The option `anonymous`
 * and report-only mode let more requests pass. For Express 4 and 5.
 *
 * @param optionsOrVerifier options of a verifier, or a verifier that you created: to share it, to wait for it, or to read
 * its status. Without it, the options are those of the environment: `REVOCAST_ISSUER` and `REVOCAST_AUDIENCE`, and if they are
 * set `REVOCAST_FEED`, `REVOCAST_LOOKUP`, `REVOCAST_TOKEN_FILE` and `REVOCAST_WHEN_UNKNOWN`.
 * @throws ConfigurationError for wrong options; never because a sidecar, Redis or an issuer is unreachable.
 */
export function protect(optionsOrVerifier?: VerifierOptions | Verifier, options: ProtectOptions = {}): Handler {
  if (isRequest(optionsOrVerifier)) {
    throw new ConfigurationError('protect', 'was passed as a handler: call it, app.use(protect({ issuer, audience }))');
  }
  const gateOptions = readGateOptions('protect', options);
  const gate = new Gate(partsOf(verifierOf(optionsOrVerifier)), gateOptions);

  return function protectRequest(request, response, next) {
    // V8 up to 12 handles these objects slowly after Express has replaced their prototypes: see v8-shapes.ts.
    if (dictionaryModeIsFaster) useDictionaryMode(request, response);
    conclude(gate.enter(request), { response, next, forwardErrors: gateOptions.forwardErrors });
  };
}

/** The first argument of a handler. Its members would be reported as options that do not exist. */
function isRequest(value: object | undefined): boolean {
  return typeof value === 'object' && value !== null && 'headers' in value && 'socket' in value;
}
