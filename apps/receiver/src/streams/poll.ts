import { isJsonObject } from '@revocast/denylist/replica';
import type { HttpAnswer } from './http-client.ts';

/** An answer of a poll endpoint (RFC 8936 §2.4). */
export interface PolledSets {
  /** In the order of the answer. The key names the SET in acknowledgements; the value is not checked. */
  readonly sets: readonly (readonly [key: string, token: string])[];
  readonly moreAvailable: boolean;
}

/** SETs in one answer. */
export const mostSets = 1000;

/** @returns undefined for anything else. */
export function readPolled({ status, json }: HttpAnswer): PolledSets | undefined {
  if (status !== 200 || !isJsonObject(json)) return undefined;
  const { sets = {}, moreAvailable = false } = json;
  if (!isJsonObject(sets)) return undefined;
  const entries = Object.entries(sets).slice(0, mostSets);
  const tokens = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { sets: tokens, moreAvailable: moreAvailable === true };
}
