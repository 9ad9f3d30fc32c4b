import { readRule, ruleBytes, viewOf } from '../codec/rows.ts';
import type { Rule } from '../rules/rule.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readBytes, readText } from './connection/replies.ts';
import { keys } from './keys.ts';
import { pageScript } from './scripts/page.ts';

/** Requests the next page of the rules, about `count` of them. The first cursor is `'0'`. */
export function requestPage(redis: RedisConnection, cursor: string, count: number): Promise<unknown> {
  return redis.run(pageScript, [keys.rules], [cursor, count]);
}

/** The cursor of the next page, `'0'` after the last one; and the rows of this page, as in codec/rows.ts. */
export function readPage(reply: unknown): { readonly cursor: string; readonly rows: Uint8Array } {
  const [cursor, rows] = readArray(reply, 'a page of rules');
  return { cursor: readText(cursor, 'cursor'), rows: readBytes(rows, 'rows') };
}

/** A rule as a field holds it. The value of a field that another program wrote is not a rule, and denies nothing. */
export function readStoredRule(value: unknown): Rule | undefined {
  if (value === null || value === undefined) return undefined;
  const bytes = readBytes(value, 'rule');
  return bytes.byteLength === ruleBytes ? readRule(viewOf(bytes), 0) : undefined;
}
