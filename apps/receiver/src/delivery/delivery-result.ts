import { ignoredReasons, type Signal } from '../signals/signal.ts';

/**
 * What became of one event. A closed list: safe as a label.
 *
 * `logged`: in force · `not_durable`: in force, on fewer copies than required · `id_conflict`: in force since an earlier delivery
 * of an event without a time · `spooled`: on disk until the log takes it · `received`: of a stream (verification, state) ·
 * `unresolved`: no account has the subject · `outdated`: a newer state of the account is known · `rejected`: the log will never
 * take it · `unavailable`: the sender must send it again · `refused`: a fault of the message; the others: see `IgnoredReason`.
 */
export const deliveryResults = [
  'logged',
  'not_durable',
  'id_conflict',
  'spooled',
  'quarantined',
  'received',
  'unresolved',
  'outdated',
  'rejected',
  'unavailable',
  'refused',
  ...ignoredReasons,
] as const;
export type DeliveryResult = (typeof deliveryResults)[number];

/**
 * `done`: in force. `notDurable`: what is on fewer copies than required and is not counted yet; to deliver it again writes
 * nothing twice · `unavailable`: nothing is lost as long as the message is delivered again.
 */
export type Delivered =
  | { readonly outcome: 'done'; readonly notDurable?: readonly Signal[] | undefined }
  | { readonly outcome: 'unavailable'; readonly retryAfterMs: number; readonly isOwn: boolean };
