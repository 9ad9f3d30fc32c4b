import { decodeEvent } from '../codec/event.ts';
import { denialOf, liftedBy, noLongerKept, unknownId } from '../log/logged-denial.ts';
import type { LoggedDenial } from '../log/revocation-log.ts';
import type { Change } from '../rules/event.ts';
import type { RedisConnection } from './connection/connect.ts';
import { readNumber } from './connection/replies.ts';
import { readEntries } from './entries.ts';
import { keys } from './keys.ts';

const pageEntries = 1000;
/** Redis dates an entry of the stream after the script has read the clock, so the two times may differ. */
const datedLaterMs = 1000;

/**
 * The answer of `RevocationLog.denial`.
 *
 * @throws LogError `refused` · FeedError
 */
export async function findDenial(redis: RedisConnection, id: string, liftId?: string): Promise<LoggedDenial> {
  const lifted = liftId === undefined ? undefined : liftedBy((await findEvent(redis, liftId))?.change);
  if (lifted !== undefined) return lifted;
  const found = await findEvent(redis, id);
  if (found === undefined) throw unknownId();
  if (found.change === undefined) throw noLongerKept();
  return denialOf(found.change);
}

/**
 * `{revocast}:ids` has the millisecond in which an id was logged; the stream is searched from there.
 *
 * @returns undefined for an unknown id; `change` undefined for an event that the stream no longer has.
 */
async function findEvent(redis: RedisConnection, id: string): Promise<{ readonly change?: Change } | undefined> {
  const score = await redis.call('ZSCORE', [keys.ids, id]);
  return score === null ? undefined : { change: await findInStream(redis, id, readNumber(score, 'ZSCORE')) };
}

async function findInStream(redis: RedisConnection, id: string, loggedAtMs: number): Promise<Change | undefined> {
  const [oldest] = readEntries(await redis.call('XRANGE', [keys.log, '-', '+', 'COUNT', 1]));
  if (oldest === undefined || Number.parseInt(oldest.id, 10) > loggedAtMs + datedLaterMs) return undefined;
  // Nearly always on the first page. After the clock was set back it may be later: ids of a stream never decrease.
  for (let from = String(loggedAtMs - 1); ; ) {
    const page = readEntries(await redis.call('XRANGE', [keys.log, from, '+', 'COUNT', pageEntries]));
    for (const { event } of page) {
      const found = decodeEvent(event);
      const isIt = found?.kind === 'rule' && found.details?.id === id && found.details.kind !== 'reseed';
      if (isIt) return found;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageEntries) return undefined;
    from = `(${last.id}`;
  }
}

/**
 * The changes that the log still has (those of the last hour), oldest first, without heartbeats and restored rules.
 *
 * @param sinceMs Unix milliseconds of the clock of Redis. @throws FeedError
 */
export async function* readHistory(redis: RedisConnection, sinceMs: number): AsyncIterable<Change> {
  for (let from = String(Math.max(0, Math.floor(sinceMs))); ; ) {
    const page = readEntries(await redis.call('XRANGE', [keys.log, from, '+', 'COUNT', pageEntries]));
    for (const { event } of page) {
      const change = decodeEvent(event);
      if (change?.kind === 'rule' && change.details !== undefined && change.details.kind !== 'reseed') yield change;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageEntries) return;
    from = `(${last.id}`;
  }
}
