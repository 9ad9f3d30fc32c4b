import { digestFromHex, digestToHex } from '../rules/digest.ts';
import { type Change, isEventId, isUnixMilliseconds, type RevocationDetails } from '../rules/event.ts';
import { dimensions, revocationReasons } from '../rules/revocation.ts';
import { forEver, withoutImpossibleLift } from '../rules/rule.ts';
import { isJsonObject, parseJsonObject } from './json.ts';

// One line of text, the same in the log (where the Redis script writes it) and on the event stream of a sidecar:
//
//   1|r|seq|loggedAtMs|receivedAtMs|digest|deniedUntil|issuedUpTo|stamp|lifted|details     a rule
//   1|h|seq|loggedAtMs|healing                                                             a heartbeat
//
// The first field is the version. Times may be empty. `details` is JSON or empty; it is last because it may contain `|`.

/** The version that is written and read. */
export const eventVersion = 1;

export type LogEvent =
  | ({ readonly kind: 'rule'; readonly seq: number } & Change)
  | { readonly kind: 'heartbeat'; readonly seq: number; readonly loggedAtMs: number; readonly healing: boolean };

export function encodeRuleEvent(seq: number, { digest, rule, loggedAtMs, receivedAtMs, details }: Change): string {
  return [
    ...[eventVersion, 'r', seq, loggedAtMs, receivedAtMs, digestToHex(digest)],
    ...[rule.deniedUntil, rule.issuedUpTo, rule.denialStamp, rule.liftedUpTo],
    JSON.stringify(details),
  ].join('|');
}

// At most 15 digits: below 2^53, so the number is exact.
const integer = '(0|[1-9]\\d{0,14})';
const time = `${integer}?`;
const ruleLine = new RegExp(
  `^${eventVersion}\\|r\\|${integer}\\|${time}\\|${time}\\|([0-9a-f]{32})${`\\|${integer}`.repeat(4)}\\|(.*)$`,
  's',
);
const heartbeatLine = new RegExp(`^${eventVersion}\\|h\\|${integer}\\|${integer}\\|([01])$`);

/**
 * Reads one line.
 *
 * @returns undefined for a line of another version or with a broken field. The caller then takes a snapshot, which
 *          contains the rule whatever its event looked like.
 */
export function decodeEvent(line: string): LogEvent | undefined {
  const rule = ruleLine.exec(line);
  if (rule !== null) return decodeRule(rule);
  const heartbeat = heartbeatLine.exec(line);
  if (heartbeat === null) return undefined;
  const [, seq, loggedAtMs, healing] = heartbeat;
  return { kind: 'heartbeat', seq: Number(seq), loggedAtMs: Number(loggedAtMs), healing: healing === '1' };
}

function decodeRule(fields: RegExpExecArray): LogEvent | undefined {
  const [, seq, loggedAt, receivedAt, hex = '', deniedUntil, issuedUpTo, stamp, lifted, text = ''] = fields;
  const rule = {
    deniedUntil: Number(deniedUntil),
    issuedUpTo: Number(issuedUpTo),
    denialStamp: Number(stamp),
    liftedUpTo: Number(lifted),
  };
  const digest = digestFromHex(hex);
  if (digest === undefined || Math.max(...Object.values(rule)) > forEver) return undefined;
  const details = text === '' ? undefined : decodeDetails(parseJsonObject(text));
  if (details === undefined && text !== '') return undefined;
  return {
    kind: 'rule',
    seq: Number(seq),
    digest,
    rule: withoutImpossibleLift(rule),
    loggedAtMs: loggedAt === undefined ? undefined : Number(loggedAt),
    receivedAtMs: receivedAt === undefined ? undefined : Number(receivedAt),
    details,
  };
}

/**
 * Reads details. They are never enforced, so a member with an unknown value is left out and not refused.
 *
 * @returns undefined unless it is an object with an id.
 */
export function decodeDetails(value: unknown): RevocationDetails | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, kind, dimension, reason, actor, occurredAtMs, requestedAtMs, traceparent, cutoff, fingerprint } = value;
  if (!isEventId(id)) return undefined;
  return {
    id,
    kind: kind === 'lift' || kind === 'reseed' ? kind : 'revoke',
    dimension: dimensions.find((known) => known === dimension),
    reason: revocationReasons.find((known) => known === reason),
    actor: textOf(actor, 128),
    occurredAtMs: timeOf(occurredAtMs),
    requestedAtMs: timeOf(requestedAtMs),
    traceparent: textOf(traceparent, 64),
    cutoff: cutoff === true || undefined,
    fingerprint: textOf(fingerprint, 16),
  };
}

function textOf(value: unknown, maxLength: number): string | undefined {
  return typeof value === 'string' ? value.slice(0, maxLength) : undefined;
}

function timeOf(value: unknown): number | undefined {
  return isUnixMilliseconds(value) ? value : undefined;
}
