import { digestFromHex, digestToHex } from '../rules/digest.ts';
import type { Change, RevocationDetails } from '../rules/event.ts';
import { type Dimension, dimensions, type RevocationReason, revocationReasons } from '../rules/revocation.ts';

// One line of text, the same in the log (written by the Redis script) and on the sidecar's event stream:
//
//   1|r|seq|loggedAtMs|receivedAtMs|digest|deniedUntil|issuedUpTo|stamp|lifted|details     a rule
//   1|h|seq|loggedAtMs|healing                                                             a heartbeat
//
// The version stands first. Times may be empty. `details` is JSON or empty, and last because it may hold a bar.

/** The version written, and the oldest one still read. */
export const eventVersion = 1;

export type LogEvent =
  | ({ readonly kind: 'rule'; readonly seq: number } & Change)
  | { readonly kind: 'heartbeat'; readonly seq: number; readonly loggedAtMs: number; readonly healing: boolean };

export function encodeRuleEvent(seq: number, change: Change): string {
  const { deniedUntil, issuedUpTo, denialStamp, liftedUpTo } = change.rule;
  const numbers = [deniedUntil, issuedUpTo, denialStamp, liftedUpTo].join('|');
  const times = `${change.loggedAtMs ?? ''}|${change.receivedAtMs ?? ''}`;
  const details = change.details === undefined ? '' : JSON.stringify(change.details);
  return `${eventVersion}|r|${seq}|${times}|${digestToHex(change.digest)}|${numbers}|${details}`;
}

export function encodeHeartbeat(seq: number, loggedAtMs: number, healing: boolean): string {
  return `${eventVersion}|h|${seq}|${loggedAtMs}|${healing ? 1 : 0}`;
}

const integer = '(0|[1-9]\\d{0,15})';
const time = `${integer}?`;
const ruleLine = new RegExp(
  `^${eventVersion}\\|r\\|${integer}\\|${time}\\|${time}\\|([0-9a-f]{32})${`\\|${integer}`.repeat(4)}\\|(.*)$`,
  's',
);
const heartbeatLine = new RegExp(`^${eventVersion}\\|h\\|${integer}\\|${integer}\\|([01])$`);

/**
 * Reads one line.
 *
 * @returns undefined when it cannot be read: a foreign version, a broken field. The reader then takes a snapshot,
 *          where the rule stands whatever its event looked like.
 */
export function decodeEvent(line: string): LogEvent | undefined {
  const rule = ruleLine.exec(line);
  if (rule !== null) return decodeRule(rule);
  const heartbeat = heartbeatLine.exec(line);
  return heartbeat === null ? undefined : decodeHeartbeat(heartbeat);
}

function decodeHeartbeat([, seqText, loggedAt, healing]: readonly string[]): LogEvent | undefined {
  const [seq, loggedAtMs] = [Number(seqText), Number(loggedAt)];
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(loggedAtMs)) return undefined;
  return { kind: 'heartbeat', seq, loggedAtMs, healing: healing === '1' };
}

function decodeRule(fields: readonly (string | undefined)[]): LogEvent | undefined {
  const [, seqText, loggedAt, receivedAt, hex = '', until, cutoff, stated, liftedAt, detailsText = ''] = fields;
  const digest = digestFromHex(hex);
  const [seq, loggedAtMs, receivedAtMs] = [Number(seqText), Number(loggedAt ?? 0), Number(receivedAt ?? 0)];
  const [deniedUntil, issuedUpTo, denialStamp, liftedUpTo] = [
    Number(until),
    Number(cutoff),
    Number(stated),
    Number(liftedAt),
  ];
  if (digest === undefined || Math.max(deniedUntil, issuedUpTo, denialStamp, liftedUpTo) > 0xffff_ffff)
    return undefined;
  if (Math.max(seq, loggedAtMs, receivedAtMs) > Number.MAX_SAFE_INTEGER) return undefined;
  const details = readDetails(detailsText);
  if (details === 'broken') return undefined;
  return {
    kind: 'rule',
    seq,
    digest,
    rule: { deniedUntil, issuedUpTo, denialStamp, liftedUpTo },
    ...(loggedAt === undefined ? {} : { loggedAtMs }),
    ...(receivedAt === undefined ? {} : { receivedAtMs }),
    details,
  };
}

function readDetails(text: string): RevocationDetails | undefined | 'broken' {
  if (text === '') return undefined;
  try {
    return decodeDetails(JSON.parse(text)) ?? 'broken';
  } catch {
    return 'broken'; // cut short or garbled: the caller takes a snapshot instead
  }
}

/**
 * Details are never enforced, so a field of an unknown kind is left out rather than refused.
 *
 * @returns undefined unless it is an object with an id.
 */
export function decodeDetails(value: unknown): RevocationDetails | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Record<string, unknown> = { ...value };
  const { id, kind, dimension, reason, actor, occurredAtMs, requestedAtMs, traceparent, cutoff } = fields;
  if (typeof id !== 'string' || id.length > 128) return undefined;
  return {
    id,
    kind: kind === 'lift' || kind === 'reseed' ? kind : 'revoke',
    ...(isDimension(dimension) ? { dimension } : {}),
    ...(isReason(reason) ? { reason } : {}),
    ...(typeof actor === 'string' ? { actor: actor.slice(0, 128) } : {}),
    ...(typeof occurredAtMs === 'number' ? { occurredAtMs } : {}),
    ...(typeof requestedAtMs === 'number' ? { requestedAtMs } : {}),
    ...(typeof traceparent === 'string' ? { traceparent: traceparent.slice(0, 64) } : {}),
    ...(cutoff === true ? { cutoff } : {}),
  };
}

function isDimension(value: unknown): value is Dimension {
  return dimensions.some((dimension) => dimension === value);
}

function isReason(value: unknown): value is RevocationReason {
  return revocationReasons.some((reason) => reason === value);
}
