/** A response: of supertest, of `fetch` (after its body was read), or of a framework. */
export interface CheckedResponse {
  readonly status: number;
  /** The parsed body. */
  readonly body?: unknown;
}

/** What jest and vitest expect of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * A matcher for jest and vitest: `expect.extend({ toBeRefused })`, then `expect(response).toBeRefused('revoked_session')`.
 * It passes for a status from 400 whose body has this `reason`: the options of the kit set `exposeReason`.
 */
export function toBeRefused(received: unknown, reason: string): MatcherResult {
  const { status, found } = readResponse(received);
  const pass = status !== undefined && status >= 400 && found === reason;
  const answer = found === undefined ? `status ${status}` : `status ${status} and reason ${found}`;
  return {
    pass,
    message: () =>
      pass ? `expected a response that is not refused as ${reason}` : `expected reason ${reason}, found ${answer}`,
  };
}

function readResponse(received: unknown): { readonly status?: number; readonly found?: string } {
  if (typeof received !== 'object' || received === null) return {};
  const { status, body } = received as Partial<CheckedResponse>;
  const reason = typeof body === 'object' && body !== null ? Reflect.get(body, 'reason') : undefined;
  return {
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof reason === 'string' ? { found: reason } : {}),
  };
}
