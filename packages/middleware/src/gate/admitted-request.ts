import { processWide } from '@revocast/denylist/replica';
import type { Auth } from '../decision.ts';
import type { Admission } from './admission.ts';

// Registered: guards of the ESM copy of this package then find what the CommonJS copy has noted, and the reverse.
const noted: unique symbol = Symbol.for('revocast.admission');

/** The admissions of requests that take no further property, such as frozen ones. Most processes never use it. */
const beside = processWide('middleware.admissions.1', () => ({
  isUsed: false,
  admissions: new WeakMap<object, Admission>(),
}));

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
  const held = admissionOf(request);
  if (held !== undefined && admission.strength < held.strength) return held;
  return noteFirstAdmission(request, admission);
}

/** {@link noteAdmission} for a request that has passed no gate. */
export function noteFirstAdmission(request: object, admission: Admission): Admission {
  const admitted: AdmittedRequest = request;
  const { auth } = admission;
  try {
    admitted[noted] = admission;
    if (auth !== undefined) admitted.auth = auth;
  } catch {
    // The request is frozen, or another library has made `auth` read-only. `authOf` and guards read the admission.
    noteDespite(request, admission);
  }
  return admission;
}

/** Notes what the request takes, and the admission in any case. */
function noteDespite(request: object, admission: Admission): void {
  if (!Reflect.set(request, noted, admission)) {
    beside.admissions.set(request, admission);
    beside.isUsed = true;
  }
  const { auth } = admission;
  // A getter of the prototype is covered by a property of the request; one of the request itself is replaced where it can be.
  const value = { value: auth, writable: true, enumerable: true, configurable: true };
  if (auth !== undefined) Reflect.defineProperty(request, 'auth', value);
}

/** Undefined for a request that has passed no gate. */
export function admissionOf(request: object): Admission | undefined {
  const admitted: AdmittedRequest = request;
  return admitted[noted] ?? (beside.isUsed ? beside.admissions.get(request) : undefined);
}
