import { ConfigurationError } from '../../../packages/denylist/src/configuration-error.ts';
import { parseRevocation } from '../../../packages/denylist/src/publisher/parse-revocation.ts';
import { parseEvent } from '../../../packages/issuer/src/events/parse-event.ts';
import { rowId, targetOf } from '../../../packages/issuer/src/events/row-id.ts';
import { statementsOf } from '../../../packages/issuer/src/events/statements.ts';
import { publicationOf } from '../../../packages/issuer/src/outbox/publication.ts';
import type { Decoder } from '../decoder.ts';

const nowMs = 1_800_000_000_000;
const context = { issuer: 'https://issuer.test', nowSeconds: nowMs / 1000, stampedUpTo: nowMs / 1000 };

/** An event that is reported to an authorization server. Whatever is accepted must be a revocation that the log takes. */
export const lifecycleEvent: Decoder = {
  name: 'lifecycle-event',
  seeds: [
    { type: 'session_ended', session: 's-1', reason: 'logout', by: 'admin', id: 'e-1' },
    { type: 'token_revoked', token: 't-1', expiresAt: 1_900_000_000, reason: 'policy' },
    { type: 'user_deleted', subject: 'alice', longestTokenSeconds: 900 },
    { type: 'consent_withdrawn', subject: 'alice', client: 'web' },
    { type: 'tenant_resumed', tenant: 'a' },
  ].map((event) => Buffer.from(JSON.stringify(event))),
  format: 'json',
  decode(input) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(input.toString('utf8'));
    } catch {
      return undefined;
    }
    const event = parseEvent(parsed);
    for (const statement of statementsOf(event, context)) {
      const row = { id: rowId('e', context.issuer, statement), target: targetOf(statement), statement };
      const times = { occurredAtMs: nowMs, reportedAtMs: nowMs, frozenAtMs: nowMs, nowMs, attempts: 0 };
      const publication = publicationOf({ ...row, ...times }, 1);
      if (publication.kind === 'revoke') accept(publication.revocation);
    }
    return event;
  },
  isExpected: (error) => error instanceof ConfigurationError,
};

/** A refusal by the log would come after the event was noted: it is an error here. */
function accept(revocation: unknown): void {
  try {
    parseRevocation(revocation);
  } catch (error) {
    throw new Error(`an accepted event became a revocation that is refused: ${String(error)}`, { cause: error });
  }
}
