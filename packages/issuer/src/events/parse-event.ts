import { ConfigurationError, type RevocationReason, revocationReasons } from '@revocast/denylist';
import { isJsonObject, isName, type JsonObject, longestName, unexpected } from '@revocast/denylist/replica';
import type { EventDetails, LifecycleEvent } from './lifecycle-event.ts';

/** A day: how long a token can live, unless the log states another number. */
const defaultLongestTokenSeconds = 86_400;
const mostLongestTokenSeconds = 30 * 86_400;
const detailKeys = ['type', 'by', 'at', 'id'] as const;

interface Reader {
  /** The fields of the type, beside those of every event. */
  readonly keys: readonly string[];
  read(fields: JsonObject): object;
}

const ofSubject = { keys: ['subject'], read: (fields: JsonObject) => ({ subject: readName(fields, 'subject') }) };
const ofSubjectButOne: Reader = {
  keys: ['subject', 'keep'],
  read: (fields) => ({
    subject: readName(fields, 'subject'),
    keep: fields['keep'] === undefined ? undefined : readName(fields, 'keep'),
  }),
};
const ofTenant = { keys: ['tenant'], read: (fields: JsonObject) => ({ tenant: readName(fields, 'tenant') }) };

const readers: Readonly<Record<LifecycleEvent['type'], Reader>> = {
  session_ended: {
    keys: ['session', 'reason'],
    read: (fields) => ({
      session: readName(fields, 'session'),
      reason: readChoice(fields, 'reason', ['logout', 'admin', 'policy'] as const) ?? 'logout',
    }),
  },
  grant_revoked: {
    keys: ['grant', 'reason'],
    read: (fields) => ({ grant: readName(fields, 'grant'), reason: readReason(fields) }),
  },
  token_revoked: {
    keys: ['token', 'expiresAt', 'reason'],
    read: (fields) => ({
      token: readName(fields, 'token'),
      expiresAt: readWhole(fields, 'expiresAt', { least: 1, most: 0xffff_fffe, unit: 'claim seconds' }),
      reason: readReason(fields),
    }),
  },
  signed_out_everywhere: ofSubjectButOne,
  password_changed: ofSubjectButOne,
  credential_leaked: ofSubjectButOne,
  user_disabled: ofSubject,
  user_enabled: ofSubject,
  user_deleted: {
    keys: ['subject', 'longestTokenSeconds'],
    read: (fields) => ({
      subject: readName(fields, 'subject'),
      longestTokenSeconds:
        readWhole(fields, 'longestTokenSeconds', { least: 1, most: mostLongestTokenSeconds, unit: 's' }) ??
        defaultLongestTokenSeconds,
    }),
  },
  consent_withdrawn: {
    keys: ['subject', 'client'],
    read: (fields) => ({ subject: readName(fields, 'subject'), client: readName(fields, 'client') }),
  },
  client_compromised: { keys: ['client'], read: (fields) => ({ client: readName(fields, 'client') }) },
  key_compromised: { keys: ['key'], read: (fields) => ({ key: readName(fields, 'key') }) },
  tenant_suspended: ofTenant,
  tenant_resumed: ofTenant,
};

/** Every type of event. */
export const lifecycleEventTypes = Object.keys(readers).filter(isEventType);

/**
 * An event with its defaults.
 *
 * @throws ConfigurationError with the field, what was expected, and the type of what was found. Never its value.
 */
export function parseEvent(input: unknown): LifecycleEvent {
  if (!isJsonObject(input)) throw unexpected('event', 'an object', input);
  const { type } = input;
  if (typeof type !== 'string' || !isEventType(type)) {
    throw unexpected('event.type', `one of ${lifecycleEventTypes.join(', ')}`, type);
  }
  const { keys, read } = readers[type];
  const known: readonly string[] = [...detailKeys, ...keys];
  const unknown = Object.keys(input).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const found = JSON.stringify(unknown.slice(0, 64));
    throw new ConfigurationError(
      'event',
      `expected only the fields ${known.join(', ')} for ${type}, found the unknown field ${found}`,
    );
  }
  // The reader of a type returns exactly the fields of that type.
  return { type, ...readDetails(input), ...read(input) } as LifecycleEvent;
}

function isEventType(type: string): type is LifecycleEvent['type'] {
  return Object.hasOwn(readers, type);
}

function readDetails({ by, at, id }: JsonObject): EventDetails {
  if (by !== undefined && !(typeof by === 'string' && /^[\x20-\x7e]{1,128}$/.test(by))) {
    throw unexpected('event.by', '1–128 printable ASCII characters', by);
  }
  if (id !== undefined && !(typeof id === 'string' && /^[\x21-\x7e]{1,128}$/.test(id))) {
    throw unexpected('event.id', '1–128 printable ASCII characters without spaces', id);
  }
  if (at !== undefined && !(at instanceof Date && at.getTime() >= 1e12 && at.getTime() <= 1e14)) {
    throw unexpected('event.at', 'a Date after 2001', at);
  }
  return { by, at, id };
}

function readName(fields: JsonObject, key: string): string {
  const value = fields[key];
  if (!isName(value)) {
    throw unexpected(`event.${key}`, `1–${longestName} characters of valid Unicode, none of them U+0000`, value);
  }
  return value;
}

function readReason(fields: JsonObject): RevocationReason {
  return readChoice(fields, 'reason', revocationReasons) ?? 'other';
}

function readChoice<Choice extends string>(
  fields: JsonObject,
  key: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw unexpected(`event.${key}`, `one of ${choices.join(', ')}`, value);
  return choice;
}

function readWhole(
  fields: JsonObject,
  key: string,
  { least, most, unit }: { readonly least: number; readonly most: number; readonly unit: string },
): number | undefined {
  const value = fields[key];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw unexpected(`event.${key}`, `a whole number of ${unit} from ${least} to ${most}`, value);
}
