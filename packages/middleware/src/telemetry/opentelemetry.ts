import {
  type Change,
  type Clock,
  digestToHex,
  epochTime,
  type OpenTelemetryApi,
  parseTraceparent,
  processWide,
  spanKinds,
  stagesOf,
  type TelemetryAttributes,
  timesOf,
} from '@revocast/denylist/replica';
import type { Decision } from '../decision.ts';
import type { ClassifyClient, ClientClasses } from '../options/client-classes.ts';
import type { OpenTelemetryOptions } from '../options/telemetry-options.ts';
import type { FeedObserver } from '../revocation/shared-replica.ts';
import { WeakMemo } from '../verifier/weak-memo.ts';
import type { DecisionUse, Telemetry } from './telemetry.ts';

const scope = '@revocast/middleware';

const telemetries = processWide('middleware.traced-telemetries.1', () => new WeakMemo<Telemetry>());
const feedObservers = processWide('middleware.traced-feeds.1', () => new WeakMap<OpenTelemetryApi, FeedObserver>());

interface Tracing {
  readonly openTelemetry: OpenTelemetryOptions;
  readonly clientClasses: ClientClasses;
  readonly clock: Clock;
}

/**
 * Adds spans and counters to a telemetry: `oauth2.token.validate` for each request, and `revocast.revocation.apply` in the
 * trace of each revocation. Names and attributes are in docs/opentelemetry.md.
 *
 * @returns the same object for the same arguments: verifiers that share them are counted together.
 */
export function withOpenTelemetry(counted: Telemetry, tracing: Tracing): Telemetry {
  const { openTelemetry, clientClasses } = tracing;
  return telemetries.get([counted, openTelemetry, clientClasses], () => combine(counted, tracing));
}

function combine(counted: Telemetry, { openTelemetry: { api }, clientClasses, clock }: Tracing): Telemetry {
  const traced = traceDecisions(api, clientClasses.classOf, clock);
  const applied = feedObservers.get(api) ?? { changeApplied: traceApplied(api, clock) };
  feedObservers.set(api, applied);
  return {
    ...counted,
    decided(decision, use, durationMs) {
      counted.decided(decision, use, durationMs);
      traced(decision, use, durationMs);
    },
    feedObservers: [...counted.feedObservers, applied],
  };
}

function traceDecisions(api: OpenTelemetryApi, classOf: ClassifyClient, clock: Clock) {
  const tracer = api.trace.getTracer(scope);
  const validated = api.metrics
    .getMeter(scope)
    .createCounter('oauth2.token.validated', { description: 'Requests decided by protect().' });

  return (decision: Decision, use: DecisionUse, durationMs: number): void => {
    const { outcome, cached } = decision;
    const result = use === 'report-only' && outcome !== 'accepted' ? 'would_reject' : outcome;
    const reason = outcome === 'accepted' ? 'none' : decision.reason;
    const auth = outcome === 'accepted' ? decision.auth : undefined;
    const clientClass = classOf(auth?.clientId);
    validated.add(1, { result, reason, client_class: clientClass });
    const endedAtMs = clock.wallMs();
    const attributes: TelemetryAttributes = {
      'oauth2.result': result,
      'oauth2.reason': reason,
      'oauth2.client_class': clientClass,
      'oauth2.token.cached': cached,
      ...(auth !== undefined && { 'oauth2.token.age': Math.max(0, endedAtMs / 1000 - auth.issuedAt) }),
    };
    // The span of the server is active here, also after an await.
    tracer
      .startSpan('oauth2.token.validate', { startTime: epochTime(endedAtMs - durationMs), attributes })
      .end(epochTime(endedAtMs));
  };
}

/** Adds a span to the trace of a revocation, from its entry in the log to its application in this process. */
function traceApplied(api: OpenTelemetryApi, clock: Clock): NonNullable<FeedObserver['changeApplied']> {
  const tracer = api.trace.getTracer(scope);
  return (change, result, appliedAtMs) => {
    const parent = parseTraceparent(change.details?.traceparent ?? '');
    const times = result === 'applied' ? timesOf(change, appliedAtMs) : undefined;
    if (parent === undefined || times === undefined) return;
    const { latency, deliver, apply } = stagesOf(times);
    const endedAtMs = clock.wallMs();
    const startTime = epochTime(endedAtMs - (deliver + apply) * 1000);
    const context = api.trace.setSpanContext(api.ROOT_CONTEXT, parent);
    const attributes = attributesOf(change, latency);
    tracer
      .startSpan('revocast.revocation.apply', { kind: spanKinds.consumer, startTime, attributes }, context)
      .end(epochTime(endedAtMs));
  };
}

function attributesOf({ details, digest }: Change, latency: number): TelemetryAttributes {
  return {
    'oauth2.revocation.dimension': details?.dimension ?? 'unknown',
    'oauth2.revocation.reason': details?.reason ?? 'other',
    'revocast.rule.digest': digestToHex(digest).slice(0, 8),
    'revocast.revocation.latency': latency,
  };
}
