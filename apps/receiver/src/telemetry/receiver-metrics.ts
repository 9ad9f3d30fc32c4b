import type { MetricSpec } from '@revocast/denylist/replica';
import { latencyBuckets } from '@revocast/denylist/replica';
import type { RegisteredMetrics } from '@revocast/sidecar/service';
import { deliveryResults } from '../delivery/delivery-result.ts';
import { refusals, signalTypes, streamStatuses } from '../signals/index.ts';

const refusalReasons = Object.keys(refusals);
export const attentionReasons = ['too_late', 'rejected', 'key_gone'] as const;
/** Why a message was not verified, without a fault that was found in it. Its sender may be anyone. */
export const unverifiedReasons = [
  'too_slow',
  'aborted',
  'busy',
  'unknown_key',
  'keys_unavailable',
  'not_ready',
] as const;
export type UnverifiedReason = (typeof unverifiedReasons)[number];

/** All metrics of a receiver. `source` is the name of a source in the configuration. */
export const receiverMetrics = [
  {
    name: 'signals_total',
    type: 'counter',
    labels: { source: undefined, type: signalTypes, result: deliveryResults },
    help: 'Effects of verified events, and messages that were refused or could not be verified (type other), by source and result.',
    unit: 'events',
  },
  {
    name: 'signals_widened_total',
    type: 'counter',
    labels: { source: undefined },
    help: 'Revocations that cover more tokens than the event named, because no dimension is narrow enough.',
    unit: 'events',
  },
  {
    name: 'signals_attention_total',
    type: 'counter',
    labels: { source: undefined, why: attentionReasons },
    help: 'Events that need a person: a block or a lift that came after 20 hours, a revocation that the log refuses for ever, or a polled event whose key was removed.',
    unit: 'events',
  },
  {
    name: 'signals_lost_total',
    type: 'counter',
    labels: { source: undefined },
    help: 'Verified messages that were answered 503 although most senders of this kind do not send again, and files of the spool that were given up.',
    unit: 'events',
  },
  {
    name: 'signals_unverified_total',
    type: 'counter',
    labels: { source: undefined, why: unverifiedReasons },
    help: 'Messages that were not taken and not verified, by reason: of the identity provider, or of a stranger.',
    unit: 'events',
  },
  {
    name: 'signal_refusals_total',
    type: 'counter',
    labels: { source: undefined, reason: refusalReasons },
    help: 'Messages refused because of a fault in them, by reason.',
    unit: 'events',
  },
  {
    name: 'signal_delay_seconds',
    type: 'histogram',
    labels: { source: undefined },
    buckets: latencyBuckets,
    help: 'Time from an event, by the clock of its sender, to its receipt.',
    unit: 'seconds',
  },
  {
    name: 'stream_verified_timestamp_seconds',
    type: 'gauge',
    labels: { source: undefined },
    help: 'When a verification event of the stream last arrived, Unix seconds; 0: never.',
    unit: 'seconds',
  },
  {
    name: 'stream_state',
    type: 'gauge',
    labels: { source: undefined, state: [...streamStatuses, 'unknown'] },
    help: '1 for the state of the stream, as its transmitter reports it.',
    unit: 'none',
  },
  {
    name: 'stream_needs_subjects',
    type: 'gauge',
    labels: { source: undefined },
    help: '1 for a transmitter that sends events only about subjects that were added to its stream (default_subjects NONE).',
    unit: 'none',
  },
  {
    name: 'stream_backlog',
    type: 'gauge',
    labels: { source: undefined },
    help: '1 while the transmitter has more events than it has sent.',
    unit: 'none',
  },
  {
    name: 'stream_requests_total',
    type: 'counter',
    labels: { source: undefined, result: ['ok', 'failed'] },
    help: 'Requests to the transmitter of a stream.',
    unit: 'requests',
  },
  {
    name: 'spool_messages',
    type: 'gauge',
    labels: {},
    help: 'Verified messages that wait on the disk for the log.',
    unit: 'entries',
  },
  {
    name: 'spool_oldest_seconds',
    type: 'gauge',
    labels: {},
    help: 'Time since the oldest of them was received; 0: none waits.',
    unit: 'seconds',
  },
  {
    name: 'quarantine_messages',
    type: 'gauge',
    labels: {},
    help: 'Messages that wait on the disk, unverified, for the key of their issuer.',
    unit: 'entries',
  },
  {
    name: 'receiver_ready',
    type: 'gauge',
    labels: {},
    help: '1 while the readiness probe answers 200.',
    unit: 'none',
  },
  {
    name: 'receiver_log_reachable',
    type: 'gauge',
    labels: {},
    help: '0 after a write or look-up that the log did not answer, else 1. A log that is no Redis is not asked between writes.',
    unit: 'none',
  },
  {
    name: 'receiver_keys_usable',
    type: 'gauge',
    labels: { source: undefined },
    help: '0 while no signature of the source can be verified, because its key set cannot be fetched, else 1.',
    unit: 'none',
  },
] as const satisfies readonly MetricSpec[];

export type ReceiverMetrics = RegisteredMetrics<(typeof receiverMetrics)[number]['name']>;
