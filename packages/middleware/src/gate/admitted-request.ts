import type { Auth } from '../decision.ts';
import type { Admission } from './admission.ts';

// Registered: guards of the ESM copy of this package then find what the CommonJS copy has noted, and the reverse.
const noted: unique symbol = Symbol.for('revocast.admission');

interface AdmittedRequest {
  [noted]?: Admission;
  auth?: Auth;
}

/**
 * Notes the admission on the request, and `req.auth` if there is one. A weaker admission never replaces a stronger one: behind
 * an enforcing gate, a gate that only reports would switch off every guard.
 *
 * @returns the admission that applies to the request from now on.
 */
export function noteAdmission(request: object, admission: Admission): Admission {
  const admitted: AdmittedRequest = request;
  const held = admitted[noted];
  if (held !== undefined && admission.strength < held.strength) return held;
  admitted[noted] = admission;
  const { auth } = admission;
  if (auth !== undefined) admitted.auth = auth;
  return admission;
}

/** Undefined for a request that has passed no gate. */
export function admissionOf(request: object): Admission | undefined {
  const admitted: AdmittedRequest = request;
  return admitted[noted];
}
