import { digestOf } from '../../../packages/denylist/src/rules/digest.ts';
import type { Change } from '../../../packages/denylist/src/rules/event.ts';

/** What the seeds of several decoders contain. */
export const digest = digestOf({ dimension: 'session', issuer: 'https://issuer.test', value: 's-1' });
export const rule = { deniedUntil: 1_900_000_000, issuedUpTo: 1_800_000_000, denialStamp: 7, liftedUpTo: 3 };
export const details = {
  id: 'event-1',
  kind: 'revoke',
  dimension: 'session',
  reason: 'logout',
  actor: 'alice@example.test',
  occurredAtMs: 1_800_000_000_000,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
} as const;
export const change: Change = { digest, rule, loggedAtMs: 1_800_000_000_100, receivedAtMs: 1_800_000_000_200, details };

export const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
