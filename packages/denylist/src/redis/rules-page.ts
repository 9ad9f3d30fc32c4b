import { readRule, rowBytes, ruleBytes, viewOf } from '../codec/rows.ts';
import type { Rule } from '../rules/rule.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readArray, readBytes, readText } from './connection/replies.ts';
import { keys } from './keys.ts';

/** Asks for the next page of the rules, about `count` of them. The first cursor is `'0'`. */
export function requestPage(redis: RedisConnection, cursor: string, count: number): Promise<unknown> {
  return redis.call('HSCAN', [keys.rules, cursor, 'COUNT', count]);
}

/** The cursor of the next page, `'0'` after the last one; and the digests and rules of this page, in turn. */
export function readPage(reply: unknown): { readonly cursor: string; readonly pairs: readonly unknown[] } {
  const [cursor, pairs] = readArray(reply, 'HSCAN');
  return { cursor: readText(cursor, 'HSCAN cursor'), pairs: readArray(pairs, 'HSCAN page') };
}

/** The rows of a page, as in codec/rows.ts. */
export function packRows(pairs: readonly unknown[]): Uint8Array {
  const page = new Uint8Array((pairs.length / 2) * rowBytes);
  let at = 0;
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    const digest = readBytes(pairs[index], 'digest');
    const rule = readBytes(pairs[index + 1], 'rule');
    // A field that another program wrote must not shift the rows after it.
    if (digest.byteLength !== rowBytes - ruleBytes || rule.byteLength !== ruleBytes) continue;
    page.set(digest, at);
    page.set(rule, at + digest.byteLength);
    at += rowBytes;
  }
  return page.subarray(0, at);
}

/** A rule as a field holds it. The value of a field that another program wrote is not a rule, and denies nothing. */
export function readStoredRule(value: unknown): Rule | undefined {
  if (value === null || value === undefined) return undefined;
  const bytes = readBytes(value, 'rule');
  return bytes.byteLength === ruleBytes ? readRule(viewOf(bytes), 0) : undefined;
}
