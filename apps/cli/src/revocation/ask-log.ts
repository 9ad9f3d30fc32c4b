import {
  type DigestSet,
  digestFromHex,
  digestSetFrom,
  digestToHex,
  FeedError,
  fixForFeedError,
  openLookUp,
  openSource,
} from '@revocast/denylist/replica';
import type { World } from '../world.ts';
import type { NamedDigest, Question, RevocationAnswer, Stated } from './answer.ts';

/** Milliseconds: the longest that a look-up may take. */
const timeoutMs = 1000;
/** The log keeps its entries for an hour. */
const keptMs = 3_600_000;

/** Asks the log in Redis itself, by one look-up. */
export async function askLog(question: Question, url: string, world: World): Promise<RevocationAnswer> {
  const { issuedAt, names } = question;
  const lookUp = await openLookUp(url, { clock: world.clock, random: world.random, timeoutMs });
  try {
    const found = await lookUp.find(digestsOf(names), issuedAt);
    switch (found.verdict) {
      case 'revoked': {
        const { dimension } = found;
        return { state: 'revoked', dimension, stated: await lastStatement(names, dimension, { url, world }) };
      }
      case 'active': {
        const { restartedAtSeconds } = found;
        if (restartedAtSeconds === undefined || issuedAt > restartedAtSeconds) return { state: 'not_revoked' };
        return { state: 'too_old', restartedAtSeconds };
      }
      case 'unknown':
        return await whyUnknown(found.cause, url, world);
    }
  } finally {
    await lookUp.close();
  }
}

function digestsOf(names: readonly NamedDigest[]): DigestSet {
  return digestSetFrom(
    names.flatMap(({ dimension, digest: hex }) => {
      const digest = digestFromHex(hex);
      return digest === undefined ? [] : [{ dimension, digest }];
    }),
  );
}

interface Place {
  readonly url: string;
  readonly world: World;
}

/** @returns undefined when the log no longer keeps it, or cannot be read: the verdict is certain all the same. */
async function lastStatement(
  names: readonly NamedDigest[],
  dimension: string,
  { url, world }: Place,
): Promise<Stated | undefined> {
  const wanted = new Set(names.filter((name) => name.dimension === dimension).map(({ digest }) => digest));
  const source = await openSource(url, world);
  let last: Stated | undefined;
  try {
    for await (const { digest, loggedAtMs, details } of source.history?.(world.clock.wallMs() - keptMs) ?? []) {
      if (loggedAtMs === undefined || details === undefined || !wanted.has(digestToHex(digest))) continue;
      const { kind, reason, actor } = details;
      last = { kind, loggedAtMs, reason, actor };
    }
    return last;
  } catch (error) {
    if (error instanceof FeedError) return undefined;
    throw error;
  } finally {
    await source.close();
  }
}

/** A look-up gives one word as its cause, so the connection is tried once more for the error. */
async function whyUnknown(cause: string, url: string, world: World): Promise<RevocationAnswer> {
  const source = await openSource(url, world);
  try {
    await source.health?.();
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
    const fix = fixForFeedError(error.code) ?? 'Check that the log runs and can be reached.';
    return { state: 'unknown', why: error.message, fix };
  } finally {
    await source.close();
  }
  const fix = fixes[cause] ?? 'Ask again. If this repeats, run: revocast doctor, with the same --source.';
  return { state: 'unknown', why: `the log cannot decide (${cause})`, fix };
}

const fixes: Readonly<Record<string, string>> = {
  healing: 'The log is new or was lost: wait 15 s. For a first log, run: revocast-sidecar init',
  log_stale: 'The log has no heartbeat: run a sidecar that may write to it.',
};
