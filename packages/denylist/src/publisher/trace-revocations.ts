import { createHash } from 'node:crypto';
import { LogError } from '../log/revocation-log.ts';
import {
  errorStatus,
  formatTraceparent,
  type OpenTelemetryApi,
  spanKinds,
  type TelemetryAttributes,
} from '../metrics/open-telemetry.ts';
import type { Dimension, RevocationReason } from '../rules/revocation.ts';

/** A revocation that is about to be written to the log. */
interface TracedRevocation {
  readonly dimension: Dimension;
  readonly reason: RevocationReason;
  readonly actor?: string;
  /** Seconds until the token expires, when one token with a known end is revoked. */
  readonly remainingSeconds?: number;
  /** How many tokens it ends, when the caller has counted them. */
  readonly tokens?: number;
}

export type TraceRevocation = ReturnType<typeof traceRevocations>;

/**
 * Starts a producer span for each revocation, as a child of the active span, and counts `oauth2.token.revoked`.
 * docs/opentelemetry.md lists the names and attributes.
 */
export function traceRevocations({ trace, metrics }: OpenTelemetryApi) {
  const tracer = trace.getTracer('@revocast/denylist');
  const revoked = metrics
    .getMeter('@revocast/denylist')
    .createCounter('oauth2.token.revoked', { description: 'Tokens revoked, as far as their number is known.' });
  return (revocation: TracedRevocation) => {
    const { dimension, reason, tokens = 1 } = revocation;
    const name = dimension === 'token' ? 'oauth2.token.revoke' : 'oauth2.token.revoke_all';
    const span = tracer.startSpan(name, { kind: spanKinds.producer, attributes: attributesOf(revocation) });
    return {
      /** Sent along with the revocation; undefined when nothing is traced. */
      traceparent: formatTraceparent(span.spanContext()),
      logged({ repeated }: { readonly repeated: boolean }) {
        if (!repeated) revoked.add(tokens, { reason, dimension });
        span.end();
      },
      failed(error: unknown) {
        // `not_durable`: in force, on fewer copies than requested.
        if (error instanceof LogError && error.applied === true) revoked.add(tokens, { reason, dimension });
        span.setAttributes({ 'error.type': error instanceof LogError ? error.code : 'unexpected' });
        span.setStatus(errorStatus);
        span.end();
      },
    };
  };
}

function attributesOf({ dimension, reason, actor, remainingSeconds, tokens }: TracedRevocation): TelemetryAttributes {
  return {
    'oauth2.revocation.dimension': dimension,
    'oauth2.revocation.reason': reason,
    // An actor is a person: the digest makes two spans of one actor comparable without the name.
    ...(actor !== undefined && { 'oauth2.revocation.by': digestOfActor(actor) }),
    ...(remainingSeconds !== undefined && { 'oauth2.revocation.remaining_lifetime': remainingSeconds }),
    ...(tokens !== undefined && { 'oauth2.revocation.tokens': tokens }),
  };
}

function digestOfActor(actor: string): string {
  return createHash('sha256').update(actor).digest('hex').slice(0, 16);
}
