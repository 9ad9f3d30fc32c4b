import { rowBytes, viewOf } from '../codec/rows.ts';
import { stampCeiling } from '../rules/rule.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readNumber } from './connection/replies.ts';
import { keys } from './keys.ts';
import { readPage, requestPage } from './rules-page.ts';

const pageRules = 500;
/** Of `denialStamp` and `liftedUpTo` in a row. */
const clockNumbers = [24, 28];

/** Counts the rules with a stamp or a lift that no clock can have stated, some at each look. */
export class ImpossibleRules {
  #cursor = '0';
  #counting = 0;
  #counted = 0;

  /** @returns how many were found since the last time that every rule was looked at. */
  async look(redis: RedisConnection): Promise<number> {
    const { cursor, rows } = readPage(await requestPage(redis, this.#cursor, pageRules));
    this.#cursor = cursor;
    for (let at = 0; at < rows.byteLength; at += rowBytes) if (isImpossible(viewOf(rows), at)) this.#counting += 1;
    if (this.#cursor === '0') {
      this.#counted = this.#counting;
      this.#counting = 0;
    }
    return Math.max(this.#counted, this.#counting);
  }
}

function isImpossible(rows: DataView, offset: number): boolean {
  return clockNumbers.some((number) => rows.getUint32(offset + number) >= stampCeiling);
}

/**
 * Deletes the rules with a stamp or a lift that no clock can have stated. A process that holds one in memory keeps it until
 * it is restarted.
 *
 * @returns how many were deleted.
 */
export async function deleteImpossibleRules(redis: RedisConnection): Promise<number> {
  let deleted = 0;
  let cursor = '0';
  do {
    const page = readPage(await requestPage(redis, cursor, pageRules));
    cursor = page.cursor;
    const { rows } = page;
    const view = viewOf(rows);
    for (let at = 0; at < rows.byteLength; at += rowBytes) {
      if (!isImpossible(view, at)) continue;
      deleted += readNumber(await redis.call('HDEL', [keys.rules, Buffer.from(rows.subarray(at, at + 16))]), 'HDEL');
    }
  } while (cursor !== '0');
  return deleted;
}
