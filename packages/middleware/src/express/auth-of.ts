import type { AccessTokenClaims, Auth } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import { admissionOf } from '../gate/admitted-request.ts';
import { refuse } from '../options/read-option.ts';

/**
 * Returns what the accepted token says about the caller of a protected route.
 *
 * @typeParam Claims the claims that your issuer puts into its tokens. Not checked.
 * @throws ConfigurationError where the route is not behind `protect`, the request is anonymous, or `protect` only reports.
 */
export function authOf<Claims = AccessTokenClaims>(request: object): Auth<Claims> {
  if (typeof request !== 'object' || request === null) refuse('authOf', 'a request', request);
  const admission = admissionOf(request);
  if (admission === undefined) {
    throw new ConfigurationError('authOf', 'this route is not behind protect(): mount protect() before it');
  }
  const { auth, verifier } = admission;
  if (auth === undefined) {
    const why = verifier.reportOnly
      ? 'dangerouslyReportOnly sets no req.auth'
      : 'the request is anonymous: look at req.auth first, or leave out `anonymous`';
    throw new ConfigurationError('authOf', why);
  }
  return auth as Auth<Claims>; // the caller's own statement about its issuer
}
