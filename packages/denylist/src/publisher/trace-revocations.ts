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

/** A revocation on its way into the log. */
export interface TracedRevocation {
  readonly dimension: Dimension;
  readonly reason: RevocationReason;
  readonly actor?: string;
  /** Seconds that the token had left, where one with a known end is revoked. */
  readonly remainingSeconds?: number;
  /** How many tokens it ends, where the caller knows. */
  readonly tokens?: number;
}

export interface RevocationTrace {
  /** Travels with the revocation; undefined where nothing is traced. */
  readonly traceparent: string | undefined;
  logged(options: { readonly repeated: boolean }): void;
  failed(error: unknown): void;
}

export type TraceRevocation = (revocation: TracedRevocation) => RevocationTrace;

/**
 * Makes a producer span for each revocation, as a child of what is active, and counts `oauth2.token.revoked`. Names and
 * attributes in docs/opentelemetry.md.
 */
export function traceRevocations({ trace, metrics }: OpenTelemetryApi): TraceRevocation {
  const tracer = trace.getTracer('@revocast/denylist');
  const revoked = metrics
    .getMeter('@revocast/denylist')
    .createCounter('oauth2.token.revoked', { description: 'Tokens revoked, as far as their number is known.' });
  return (revocation) => {
    const { dimension, reason, tokens = 1 } = revocation;
    const name = dimension === 'token' ? 'oauth2.token.revoke' : 'oauth2.token.revoke_all';
    const span = tracer.startSpan(name, { kind: spanKinds.producer, attributes: attributesOf(revocation) });
    return {
      traceparent: formatTraceparent(span.spanContext()),
      logged({ repeated }) {
        if (!repeated) revoked.add(tokens, { reason, dimension });
        span.end();
      },
      failed(error) {
        // In force, on fewer copies than asked for: revoked all the same.
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
    // An actor is a person: recognisable again, and no more.
    ...(actor !== undefined && { 'oauth2.revocation.by': digestOfActor(actor) }),
    ...(remainingSeconds !== undefined && { 'oauth2.revocation.remaining_lifetime': remainingSeconds }),
    ...(tokens !== undefined && { 'oauth2.revocation.tokens': tokens }),
  };
}

function digestOfActor(actor: string): string {
  return createHash('sha256').update(actor).digest('hex').slice(0, 16);
}
