import type { Clock } from '@revocast/denylist/replica';
import type { Logger } from 'pino';
import type { Source } from '../config/source-list.ts';
import type { DeliveryObserver } from '../delivery/deliver.ts';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import {
  type Refusal,
  refusals,
  type Signal,
  type SignalType,
  type StreamStatus,
  signalTypes,
  streamStatuses,
} from '../signals/index.ts';
import {
  attentionReasons,
  type ReceiverMetrics,
  type UnverifiedReason,
  unverifiedReasons,
} from './receiver-metrics.ts';

/** What is counted of messages, beside what their delivery reports. */
export interface SignalCounter extends DeliveryObserver {
  /** A message arrived and was verified. */
  received(signals: readonly Signal[]): void;
  /** A message that waits on the disk. */
  kept(source: string, signals: readonly Signal[]): void;
  quarantined(source: string): void;
  refused(source: string, reason: Refusal): void;
  /** A polled event was given up: the key set of its issuer has not had its key for ten minutes. */
  keyGone(source: string): void;
  /** Not taken and not verified, without a fault that was found in it. It may be of a stranger, so that no alert depends on it. */
  unverified(source: string, why: UnverifiedReason): void;
  /** Verified and not taken, although the sender will probably not send it again; or a file of the spool. An alert depends on it. */
  lost(source: string): void;
}

/** Types whose series begin at 0: `rate()` does not see the first event of a series that begins at 1. */
const typesOf: Readonly<Record<Source['kind'], readonly SignalType[]>> = {
  'backchannel-logout': ['logout'],
  ssf: signalTypes.filter((type) => type !== 'logout' && type !== 'global-token-revocation' && type !== 'other'),
  'global-token-revocation': ['global-token-revocation'],
  'okta-event-hook': ['session-revoked', 'credential-change', 'account-disabled', 'account-enabled', 'account-purged'],
  'auth0-log-stream': ['logout', 'credential-change', 'account-disabled', 'account-enabled', 'account-purged'],
  'signed-json': ['session-revoked', 'tokens-revoked', 'account-disabled', 'account-enabled'],
};
/** Those that mean something at the first event: the alerts watch them. */
const firstResults: readonly DeliveryResult[] = [
  'logged',
  'not_durable',
  'unresolved',
  'unavailable',
  'unmapped_issuer',
  'not_allowed',
  'malformed',
];

interface Ports {
  readonly metrics: ReceiverMetrics;
  readonly sources: readonly Source[];
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** A verification event arrived. */
  readonly onVerified: (source: string, state: string | undefined) => void;
}

/** Counts signals, and logs what a person must see: never a subject, an id or a token. */
export function countSignals({ metrics, sources, clock, log, onVerified }: Ports): SignalCounter {
  const signals = metrics.counter('signals_total');
  const delays = metrics.histogram('signal_delay_seconds');
  for (const { name: source, kind, ...options } of sources) {
    for (const type of typesOf[kind]) for (const result of firstResults) signals.inc({ source, type, result }, 0);
    for (const result of ['refused', 'unavailable'] as const) signals.inc({ source, type: 'other', result }, 0);
    for (const name of ['signals_widened_total', 'signals_lost_total'] as const)
      metrics.counter(name).inc({ source }, 0);
    for (const why of attentionReasons) metrics.counter('signals_attention_total').inc({ source, why }, 0);
    for (const why of unverifiedReasons) metrics.counter('signals_unverified_total').inc({ source, why }, 0);
    delays.zero({ source });
    for (const reason of Object.keys(refusals)) metrics.counter('signal_refusals_total').inc({ source, reason }, 0);
    const isClient = 'delivery' in options && (options.manage || options.delivery === 'poll');
    if (isClient)
      for (const result of ['ok', 'failed']) metrics.counter('stream_requests_total').inc({ source, result }, 0);
    // No verification events are requested for another stream, so that their absence means nothing.
    if (!('manage' in options) || !options.manage) continue;
    metrics.gauge('stream_verified_timestamp_seconds').set({ source }, 0);
    metrics.gauge('stream_needs_subjects').set({ source }, 0);
    setState(metrics, source, 'unknown');
  }
  const logged = new Set<string>();
  const logOnce = (key: string, write: () => void) => {
    if (!logged.has(key) && logged.size < 1000) {
      logged.add(key);
      write();
    }
  };
  const needPerson = (labels: { source: string; why: (typeof attentionReasons)[number] }, details: object = {}) => {
    metrics.counter('signals_attention_total').inc(labels);
    log.error({ ...labels, ...details }, 'an event needs a person: see the runbook SignalsNeedAttention');
  };
  return {
    received(all) {
      for (const { source, occurredAtMs, receivedAtMs } of all) {
        delays.observe({ source }, Math.max(0, receivedAtMs - occurredAtMs) / 1000);
      }
    },
    signalDelivered({ source, type }, result) {
      signals.inc({ source, type, result });
      if (result === 'unresolved' || result === 'unmapped_issuer') {
        logOnce(`${source} ${result}`, () => log.warn({ source, type, result }, remedies[result]));
      }
    },
    widened: ({ source }) => metrics.counter('signals_widened_total').inc({ source }),
    needsAttention: ({ source, type }, why, code) => needPerson({ source, why }, { type, code }),
    keyGone: (source) => needPerson({ source, why: 'key_gone' }),
    verified({ source }, state) {
      metrics.gauge('stream_verified_timestamp_seconds').set({ source }, clock.wallMs() / 1000);
      onVerified(source, state);
    },
    streamUpdated({ source }, status) {
      setState(metrics, source, status);
      log.warn({ source, status }, 'the transmitter changed the state of the stream');
    },
    kept(source, all) {
      for (const { type } of all) signals.inc({ source, type, result: 'spooled' });
    },
    quarantined: (source) => signals.inc({ source, type: 'other', result: 'quarantined' }),
    refused(source, reason) {
      signals.inc({ source, type: 'other', result: 'refused' });
      metrics.counter('signal_refusals_total').inc({ source, reason });
      logOnce(`${source} ${reason}`, () =>
        log.warn({ source, reason }, 'a message was refused; only the first is logged'),
      );
    },
    unverified(source, why) {
      metrics.counter('signals_unverified_total').inc({ source, why });
      // The others are counted as refused, or have no answer.
      if (why !== 'too_slow' && why !== 'aborted') signals.inc({ source, type: 'other', result: 'unavailable' });
    },
    lost(source) {
      metrics.counter('signals_lost_total').inc({ source });
      // One line for an outage, and not one for each message.
      logOnce(`${source} lost`, () => log.error({ source }, lostRemedy));
    },
  };
}

const lostRemedy =
  'a message was not taken, and its sender may not send it again; only the first is logged: see the runbook SignalsLost';
const remedies = {
  unresolved: 'no account has the subject of an event; only the first is logged: check `subjects` of the source',
  unmapped_issuer:
    'an event is about an issuer in whose tokens the source may not revoke; only the first is logged: check `tokenIssuers`',
} as const;

/** Exactly one state is 1. */
export function setState(metrics: ReceiverMetrics, source: string, current: StreamStatus | 'unknown'): void {
  for (const state of [...streamStatuses, 'unknown'] as const) {
    metrics.gauge('stream_state').set({ source, state }, state === current ? 1 : 0);
  }
}
