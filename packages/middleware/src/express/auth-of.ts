import type { AccessTokenClaims, Auth } from '../decision.ts';
import { ConfigurationError } from '../errors.ts';
import { stateOf } from './request-state.ts';

/**
 * Returns what is known of the caller of a protected route.
 *
 * @typeParam Claims the claims that your issuer puts into its tokens; a statement of yours, not checked.
 * @throws ConfigurationError where the route is not behind `protect`, lets anonymous requests in, or only reports.
 */
export function authOf<Claims = AccessTokenClaims>(request: object): Auth<Claims> {
  const state = stateOf(request);
  if (state === undefined) throw new ConfigurationError('authOf', 'this route is not behind protect()');
  if (state.auth === undefined) {
    const why = state.parts.reportOnly
      ? 'dangerouslyReportOnly sets no req.auth'
      : 'the request is anonymous: look at req.auth first, or leave out `anonymous`';
    throw new ConfigurationError('authOf', why);
  }
  return state.auth as Auth<Claims>; // the caller's own statement about its issuer
}
