import { isJsonObject } from '@revocast/denylist/replica';

/** What jest and vitest expect of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * A matcher for jest and vitest: `expect.extend({ toBeRefused })`, then `expect(response).toBeRefused('revoked_session')`.
 * It passes for a status from 400 whose body has this `reason`: the options of the kit set `exposeReason`.
 *
 * @param received an object with `status` and the parsed `body`, such as a response of supertest.
 */
export function toBeRefused(received: unknown, reason: string): MatcherResult {
  const { status, found } = readResponse(received);
  const pass = typeof status === 'number' && status >= 400 && found === reason;
  const answer = found === undefined ? `status ${status}` : `status ${status} and reason ${found}`;
  return {
    pass,
    message: () =>
      pass ? `expected a response that is not refused as ${reason}` : `expected reason ${reason}, found ${answer}`,
  };
}

function readResponse(received: unknown): { readonly status?: unknown; readonly found?: unknown } {
  if (!isJsonObject(received)) return {};
  const { status, body } = received;
  return { status, found: isJsonObject(body) ? body['reason'] : undefined };
}
