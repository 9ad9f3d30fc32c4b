import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { FeedError, FeedGap, type GapCause } from '../../src/log/feed.ts';
import type { LostRule } from '../../src/log/revocation-log.ts';
import { Freshness } from '../../src/replication/freshness.ts';
import { LogClock } from '../../src/replication/log-clock.ts';
import type { ReplicationObserver } from '../../src/replication/observer.ts';
import { replicate } from '../../src/replication/replicate.ts';
import { type Digest, digestToHex } from '../../src/rules/digest.ts';
import type { Change } from '../../src/rules/event.ts';
import { restartDigest } from '../../src/rules/log-restart.ts';
import { emptyRule, forEver, type Rule } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';
import { reader, ScriptedFeed } from './scripted-feed.ts';

const numbered = (index: number): Digest => Uint32Array.of(index, 0, 0, 0);
const block: Rule = { ...emptyRule, deniedUntil: forEver, denialStamp: 5 };
const change = (index: number, rule: Rule = block): Change => ({ digest: numbered(index), rule, loggedAtMs: 1000 });
const lost = (): FeedError => new FeedError('closed', 'connection lost');

const stopAll: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopAll.splice(0)) await stop();
});

interface Given {
  readonly canWrite?: boolean;
  readonly maxRules?: number;
  readonly random?: () => number;
  readonly prepare?: (feed: ScriptedFeed) => void;
}

/** A replication that follows a scripted feed and has come to rest in its tail. */
async function given({ canWrite = false, maxRules = 100, random = () => 0.5, prepare }: Given = {}) {
  const clock = new FakeClock();
  const feed = new ScriptedFeed();
  prepare?.(feed);
  const denylist = new Denylist({ maxRules });
  const freshness = new Freshness({ clock, maxStalenessMs: 5000 });
  const gaps: GapCause[] = [];
  const seen: string[] = [];
  /** Of each change, in the clock of the log. */
  const appliedAt: (number | undefined)[] = [];
  /** Of the events for changes and positions. */
  const order: string[] = [];
  const reseeds: LostRule[][] = [];
  const reseedFailures: Error[] = [];
  const observer: ReplicationObserver = {
    gapFound: (cause) => gaps.push(cause),
    epochChanged: () => seen.push('epoch changed'),
    resynced: (rules) => seen.push(`resynced ${rules}`),
    reseeded: (rules) => seen.push(`reseeded ${rules}`),
    changeApplied: (applied, result, atMs) => {
      appliedAt.push(atMs);
      seen.push(`${result} ${applied.digest[0]}`);
      order.push(`change ${applied.digest[0]}`);
    },
    positionReached: () => order.push('position'),
    heartbeatSeen: (latencyMs) => seen.push(`heartbeat ${latencyMs}`),
    connectionFailed: (error) => seen.push(`failed ${error instanceof FeedError ? error.code : String(error)}`),
  };
  const stop = new AbortController();
  const ended = replicate({
    ...{ feed, denylist, freshness, clock, random, observer, reader },
    logClock: new LogClock(clock),
    signal: stop.signal,
    ...(canWrite
      ? {
          reseed: {
            async append(rules) {
              const failure = reseedFailures.shift();
              if (failure !== undefined) throw failure;
              reseeds.push([...rules]);
              return rules.length;
            },
            async endRestart(stamp) {
              const failure = reseedFailures.shift();
              if (failure !== undefined) throw failure;
              reseeds.push([{ digest: restartDigest, rule: { ...emptyRule, liftedUpTo: stamp } }]);
            },
          },
        }
      : {}),
  });
  stopAll.push(async () => {
    stop.abort();
    feed.connections.at(-1)?.fail(lost());
    await ended;
  });
  await clock.advance(0);

  /** Delivers what was written, with a proof of now. */
  const deliver = async (...entries: ReturnType<ScriptedFeed['write']>[]) => {
    feed.latest.deliver({ entries, provenAtMs: clock.monotonicMs(), healing: feed.healing });
    await clock.advance(0);
  };
  /** Breaks the connection and lets the pause before the next attempt pass. */
  const reconnect = async (error: Error = lost()) => {
    feed.latest.fail(error);
    await clock.advance(2000);
  };
  const holds = (index: number): boolean => denylist.get(numbered(index)) !== undefined;
  return {
    clock,
    feed,
    denylist,
    freshness,
    gaps,
    seen,
    order,
    appliedAt,
    reseeds,
    reseedFailures,
    stop,
    ended,
    deliver,
    reconnect,
    holds,
  };
}

describe('following a feed', () => {
  it('takes the snapshot, then what comes after, and is fresh with the first proof', async () => {
    const { feed, freshness, holds, deliver, seen } = await given({ prepare: (log) => log.hold(numbered(1), block) });
    expect([holds(1), freshness.isComplete, freshness.isFresh()]).toEqual([true, true, false]);
    await deliver(feed.write(change(2)));
    expect([holds(2), freshness.isFresh()]).toEqual([true, true]);
    expect(seen).toEqual(['resynced 1', 'applied 2']);
  });

  it('tells what was new, what it knew, and what came without a time', async () => {
    const { feed, deliver, seen } = await given();
    seen.length = 0;
    const { loggedAtMs: _, ...timeless } = change(2);
    await deliver(feed.write(change(1)), feed.write(change(1)), feed.write(timeless));
    expect(seen).toEqual(['applied 1', 'duplicate 1', 'resynced 2']);
  });

  it('reports a position before its changes, because readers wait for the position', async () => {
    const { feed, deliver, order } = await given();
    order.length = 0;
    await deliver(feed.write(change(1)), feed.write(change(2)));
    expect(order).toEqual(['position', 'change 1', 'change 2']);
  });

  it('reports the changes that came before a gap', async () => {
    const { feed, deliver, seen } = await given();
    seen.length = 0;
    const before = feed.write(change(1));
    feed.write(change(2));
    await deliver(before, feed.write(change(3)));
    expect(seen).toContain('applied 1');
    expect(seen).not.toContain('applied 3');
  });

  it('measures a heartbeat in the clock of the log', async () => {
    const { feed, clock, seen } = await given();
    const logMs = clock.wallMs() + 9000;
    feed.latest.deliver({
      entries: [feed.write()],
      logTime: { logMs, monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
      heartbeatLoggedAtMs: logMs - 3,
    });
    await clock.advance(0);
    expect(seen).toContain('heartbeat 3');
  });

  it.each([
    ['set back', -3_600_000],
    ['set ahead', 3_600_000],
  ])('measures nothing against a clock of the log that was %s since it was read', async (_, steppedMs) => {
    const { feed, clock, seen, appliedAt } = await given();
    const logTime = { logMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), roundTripMs: 0 };
    feed.latest.deliver({ entries: [feed.write()], logTime, provenAtMs: clock.monotonicMs() });
    await clock.advance(500);
    const right = { ...change(1), loggedAtMs: clock.wallMs() - 400 };
    const wrong = { ...change(2), loggedAtMs: clock.wallMs() - 400 + steppedMs };
    feed.latest.deliver({ entries: [feed.write(right), feed.write(wrong)], heartbeatLoggedAtMs: wrong.loggedAtMs });
    await clock.advance(0);
    expect(appliedAt).toEqual([clock.wallMs(), undefined]);
    expect(seen.filter((event) => event.startsWith('heartbeat'))).toEqual([]);
  });

  it('stops when told, and closes its connection', async () => {
    const { feed, stop, ended, clock } = await given();
    stop.abort();
    feed.latest.fail(lost());
    await ended;
    expect([feed.latest.closed, clock.sleeping]).toEqual([true, 0]);
  });
});

describe('a snapshot that ran ahead of the noted head', () => {
  const runAhead = (feed: ScriptedFeed) => {
    const written: ReturnType<ScriptedFeed['write']>[] = [];
    feed.afterPage = () => {
      feed.afterPage = () => {};
      written.push(feed.write(change(1)), feed.write(change(2)));
    };
    return written;
  };

  it('is complete only when the tail has passed the second head, and no proof counts before', async () => {
    let written: ReturnType<ScriptedFeed['write']>[] = [];
    const { freshness, deliver } = await given({
      prepare: (feed) => {
        written = runAhead(feed);
      },
    });
    expect(freshness.isComplete).toBe(false);
    await deliver(written[0]!);
    expect([freshness.isComplete, freshness.provenAtMs]).toEqual([false, undefined]);
    await deliver(written[1]!);
    expect([freshness.isComplete, freshness.isFresh()]).toEqual([true, true]);
  });

  it('is taken again when the connection is lost before that', async () => {
    let written: ReturnType<ScriptedFeed['write']>[] = [];
    const { feed, deliver, reconnect, freshness } = await given({
      prepare: (log) => {
        written = runAhead(log);
      },
    });
    await deliver(written[0]!);
    await reconnect();
    expect(feed.snapshots).toBe(2);
    expect(freshness.isComplete).toBe(true);
  });

  it('is not taken again when the connection is lost after that', async () => {
    let written: ReturnType<ScriptedFeed['write']>[] = [];
    const { feed, deliver, reconnect } = await given({
      prepare: (log) => {
        written = runAhead(log);
      },
    });
    await deliver(...written);
    await reconnect();
    expect(feed.snapshots).toBe(1);
  });

  it('is taken again when the connection is lost in its middle, without a word of it being believed', async () => {
    const { feed, freshness, seen } = await given({
      prepare: (log) => {
        log.hold(numbered(1), block);
        log.afterPage = () => {
          log.afterPage = () => {};
          throw lost();
        };
      },
    });
    expect([freshness.everComplete, seen]).toEqual([false, ['failed closed']]);
    expect(feed.latest.closed).toBe(true);
  });
});

describe('a lost connection', () => {
  it('is resumed where the last entry ended, still complete', async () => {
    const { feed, deliver, reconnect, freshness, clock } = await given();
    await deliver(feed.write(change(1)));
    const position = feed.position();
    const missed = feed.write(change(2));
    await reconnect();
    expect(feed.snapshots).toBe(1);
    expect(feed.latest.tailFrom).toMatchObject({ head: position.head, cursor: position.cursor });
    expect([freshness.isComplete, feed.connections[0]?.closed]).toEqual([true, true]);
    await deliver(missed);
    await clock.advance(5000);
    expect(freshness.isFresh()).toBe(true);
    await clock.advance(1);
    expect(freshness.isFresh()).toBe(false);
  });

  it('is dialled again after pauses that grow, never in a hot loop', async () => {
    const { feed, clock, seen } = await given({ random: () => 1 });
    feed.refusals.push(lost(), lost(), lost());
    seen.length = 0;
    feed.latest.fail(lost());
    const failures: number[] = [];
    for (let passed = 0; passed < 2000; passed += 50) {
      await clock.advance(50);
      failures.push(seen.length);
    }
    // Lost, then refused after 100, 200 and 400 ms more; after 800 ms more it is back.
    const at = (ms: number) => failures[ms / 50 - 1];
    expect([at(50), at(100), at(250), at(300), at(650), at(700), at(1950)]).toEqual([1, 2, 2, 3, 3, 4, 4]);
    expect(feed.connections).toHaveLength(2);
  });
});

describe('a hole in the history', () => {
  it('is noticed by an entry that follows another head, and nothing of that batch counts', async () => {
    const { feed, freshness, gaps, holds, deliver } = await given();
    await deliver(feed.write(change(1)));
    expect(freshness.isFresh()).toBe(true);
    feed.write(change(2));
    await deliver(feed.write(change(3)));
    expect([gaps, freshness.isFresh(), freshness.isComplete, holds(3)]).toEqual([['chain'], false, false, false]);
  });

  it('is mended by a snapshot, and unlearns nothing', async () => {
    const { feed, freshness, gaps, holds, deliver, clock } = await given();
    await deliver(feed.write(change(1)));
    feed.flush('e1');
    feed.write(change(2));
    await deliver(feed.write());
    await clock.advance(2000);
    expect([holds(1), holds(2), feed.snapshots, gaps]).toEqual([true, true, 2, ['chain']]);
    expect([freshness.isComplete, freshness.isFresh()]).toEqual([true, false]);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it.each<GapCause>(['unreadable', 'position_lost', 'epoch'])(
    'found by the feed (%s) is counted and mended',
    async (cause) => {
      const { feed, freshness, gaps, deliver, reconnect } = await given();
      await deliver(feed.write(change(1)));
      await reconnect(new FeedGap(cause, 'a hole'));
      expect([gaps, feed.snapshots, freshness.isComplete]).toEqual([[cause], 2, true]);
    },
  );

  it('by an entry that cannot be read is passed: the rule is taken from the snapshot, and the tail goes on behind it', async () => {
    const { feed, holds, deliver, reconnect, freshness } = await given();
    await deliver(feed.write());
    feed.write(change(7));
    await reconnect(new FeedGap('unreadable', 'poison'));
    await deliver(feed.write(change(8)));
    expect([holds(7), holds(8), freshness.isFresh(), feed.snapshots]).toEqual([true, true, true, 2]);
  });

  it('that opens while a snapshot is read, because the log was replaced, is counted', async () => {
    const { gaps, feed, clock, seen, freshness } = await given({
      prepare: (log) => {
        log.afterPage = () => {
          log.afterPage = () => {};
          log.flush('e2');
        };
      },
    });
    await clock.advance(2000);
    expect([gaps, feed.snapshots, freshness.isComplete]).toEqual([['epoch'], 2, true]);
    // Nothing was followed before, so this is no change.
    expect(seen).not.toContain('epoch changed');
  });

  it('to another epoch is told', async () => {
    const { feed, deliver, reconnect, seen } = await given();
    await deliver(feed.write());
    feed.flush('e2');
    await reconnect(new FeedGap('chain', 'flushed'));
    expect(seen).toContain('epoch changed');
  });
});

describe('a log that needs a newer reader', () => {
  it('keeps this one cold and says upgrade, at a bearable pace', async () => {
    const { gaps, freshness, clock, feed } = await given({
      random: () => 1,
      prepare: (log) => {
        log.minReader = 2;
      },
    });
    await clock.advance(60_000);
    expect(new Set(gaps)).toEqual(new Set(['upgrade']));
    expect(gaps.length).toBeLessThan(40);
    expect([freshness.everComplete, feed.snapshots]).toEqual([false, 0]);
  });

  it('since this one began makes it stale, and what it holds still counts', async () => {
    const { feed, gaps, holds, deliver, reconnect, freshness } = await given();
    await deliver(feed.write(change(1)));
    feed.minReader = 2;
    await reconnect(new FeedGap('unreadable', 'a format of tomorrow'));
    expect(gaps.slice(0, 2)).toEqual(['unreadable', 'upgrade']);
    expect([freshness.isFresh(), holds(1)]).toEqual([false, true]);
  });
});

describe('lifts', () => {
  const lifted: Rule = { ...block, liftedUpTo: 5 };

  it('of the log unite with those held', async () => {
    const { feed, denylist, deliver } = await given();
    await deliver(feed.write(change(1, lifted)), feed.write(change(1, block)));
    expect(denylist.get(numbered(1))).toEqual(lifted);
  });

  it('of a sidecar are taken as they are, from its stream and from its snapshot', async () => {
    const { feed, denylist, deliver, reconnect } = await given({
      prepare: (log) => {
        log.lifts = 'take';
        log.hold(numbered(2), lifted);
      },
    });
    await deliver(feed.write(change(1, lifted)), feed.write(change(1, block)));
    expect(denylist.get(numbered(1))).toEqual(block);
    feed.flush('e1');
    feed.hold(numbered(2), block);
    await reconnect(new FeedGap('position_lost', 'another sidecar'));
    expect(denylist.get(numbered(2))).toEqual(block);
  });

  it.each([
    ['which has not seen a lift, makes nobody fresh by what another has proven', { ...block, liftedUpTo: 5 }, false],
    ['which has seen as much, leaves a replica fresh', block, true],
  ])('%s', async (_name, held, stillFresh) => {
    const { feed, denylist, freshness, deliver, reconnect } = await given({
      prepare: (log) => {
        log.lifts = 'take';
      },
    });
    await deliver(feed.write(change(1)), feed.write(change(1, held)));
    expect([denylist.get(numbered(1))?.liftedUpTo, freshness.isFresh()]).toEqual([held.liftedUpTo, true]);
    feed.flush('e1');
    feed.hold(numbered(1), block);
    await reconnect(new FeedGap('position_lost', 'another sidecar'));
    // A process takes its feed's lifts as they are: it denies again.
    expect(denylist.get(numbered(1))?.liftedUpTo).toBe(0);
    expect(freshness.isFresh()).toBe(stillFresh);
    await deliver();
    expect(freshness.isFresh()).toBe(true);
  });
});

describe('giving back what the log lost', () => {
  const digestsOf = (rules: readonly LostRule[]) => rules.map(({ digest }) => digestToHex(digest)).sort();

  it('happens after every resync, with what is held and the snapshot lacks or has lower', async () => {
    const { feed, reseeds, deliver, reconnect, seen } = await given({ canWrite: true });
    const shorter: Rule = { ...emptyRule, issuedUpTo: 4_000_000_000 };
    await deliver(
      feed.write(change(1)),
      feed.write(change(2, { ...emptyRule, issuedUpTo: 4_100_000_000 })),
      feed.write(change(3)),
      feed.write(change(4, { ...emptyRule, liftedUpTo: 7 })),
    );
    feed.flush('e2');
    feed.hold(numbered(2), shorter);
    feed.hold(numbered(3), block);
    await reconnect(new FeedGap('chain', 'flushed'));
    expect(reseeds.map(digestsOf)).toEqual([[1, 2, 4].map((index) => digestToHex(numbered(index)))]);
    expect(seen).toContain('reseeded 3');

    feed.flush('e3');
    await reconnect(new FeedGap('chain', 'flushed again'));
    expect(reseeds[1]?.length).toBe(4);
  });

  it('leaves alone what the snapshot has', async () => {
    const { feed, reseeds, deliver, reconnect } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    await reconnect(new FeedGap('chain', 'a hole'));
    expect(reseeds).toEqual([]);
  });

  it('leaves alone a denial that the log has seen lifted', async () => {
    const { feed, reseeds, deliver, reconnect } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    feed.hold(numbered(1), { ...emptyRule, liftedUpTo: 5 });
    await reconnect(new FeedGap('chain', 'the lift was missed'));
    expect(reseeds).toEqual([]);
  });

  it('leaves alone what the log would have forgotten', async () => {
    const { feed, clock, reseeds, deliver, reconnect } = await given({ canWrite: true });
    feed.latest.deliver({
      entries: [],
      logTime: { logMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), roundTripMs: 0 },
    });
    const now = Math.floor(clock.wallMs() / 1000);
    await deliver(
      feed.write(change(1, { ...emptyRule, deniedUntil: now - 3600, denialStamp: 1 })),
      feed.write(change(2, { ...emptyRule, deniedUntil: now - 3500, denialStamp: 1 })),
      feed.write(change(3, { ...emptyRule, deniedUntil: now - 3400, denialStamp: 1 })),
    );
    feed.flush('e2');
    await reconnect(new FeedGap('chain', 'flushed'));
    // Nor what a sidecar with another clock may forget within two minutes.
    expect(reseeds.map(digestsOf)).toEqual([[digestToHex(numbered(3))]]);
  });

  it.each([
    [0, 0],
    [0.7, 700],
  ])('waits for a part of a second, so that not all do it at once: %d', async (drawn, waitMs) => {
    const { feed, clock, reseeds, deliver } = await given({ canWrite: true, random: () => drawn });
    await deliver(feed.write(change(1)));
    feed.flush('e2');
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    // First the pause before dialling again, then the one before writing.
    await clock.advance(Math.max(10, drawn * 100));
    expect(feed.snapshots).toBe(2);
    if (waitMs > 0) {
      await clock.advance(waitMs - 1);
      expect(reseeds).toEqual([]);
    }
    await clock.advance(1);
    expect(reseeds).toHaveLength(1);
  });

  it('does not hold up live changes', async () => {
    const { feed, deliver, clock, holds, reseeds } = await given({ canWrite: true, random: () => 0.9 });
    await deliver(feed.write(change(1)));
    feed.flush('e2');
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    await clock.advance(90);
    await deliver(feed.write(change(2)));
    expect([holds(2), reseeds.length]).toEqual([true, 0]);
  });

  it('is tried again until it succeeds, although the tail never breaks', async () => {
    const { feed, deliver, reconnect, clock, reseeds, reseedFailures, seen } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    feed.flush('e2');
    const refused = () => new FeedError('no_replicas', 'refuses writes');
    reseedFailures.push(refused(), refused(), refused());
    await reconnect(new FeedGap('chain', 'failed over'));
    await clock.advance(60_000);
    expect(reseeds.map(digestsOf)).toEqual([[digestToHex(numbered(1))]]);
    expect(seen.filter((what) => what === 'failed no_replicas')).toHaveLength(3);
    expect(feed.snapshots).toBe(2);
  });
});

describe('a log that heals', () => {
  const flushed = (feed: ScriptedFeed) => {
    feed.flush('e2');
    feed.healing = true;
  };

  it('makes no cold replica fresh until it is whole', async () => {
    const { feed, freshness, deliver } = await given({ canWrite: true, prepare: flushed });
    await deliver(feed.write());
    expect([freshness.isComplete, freshness.isFresh()]).toEqual([true, false]);
    expect(freshness.status().cause).toBe('healing');
    feed.healing = false;
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it('is believed by a replica that was fresh when the loss was noticed, once it has given back what it held', async () => {
    const { feed, freshness, deliver, clock, reseeds } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    flushed(feed);
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    await clock.advance(50);
    await deliver(feed.write());
    expect([reseeds.length, freshness.isFresh()]).toEqual([0, false]);
    await clock.advance(500);
    expect(reseeds).toHaveLength(1);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it('is not believed while giving back fails', async () => {
    const { feed, freshness, deliver, clock, reseedFailures } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    flushed(feed);
    reseedFailures.push(lost());
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    await clock.advance(550);
    expect(reseedFailures).toEqual([]);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(false);
    await clock.advance(1000);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it('is not believed by a replica that was stale when the loss was noticed', async () => {
    const { feed, freshness, deliver, clock, reseeds } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    await clock.advance(5001);
    flushed(feed);
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    await clock.advance(2000);
    expect(reseeds).toHaveLength(1);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(false);
  });

  it('is not believed by a replica that cannot give anything back', async () => {
    const { feed, freshness, deliver, reconnect } = await given();
    await deliver(feed.write(change(1)));
    flushed(feed);
    await reconnect(new FeedGap('chain', 'flushed'));
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(false);
  });

  it('is still believed by a survivor that needed two attempts to resync', async () => {
    const { feed, freshness, deliver, clock } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    flushed(feed);
    feed.latest.fail(new FeedGap('chain', 'flushed'));
    feed.afterPage = () => {
      feed.afterPage = () => {};
      throw new FeedGap('unreadable', 'once more');
    };
    await clock.advance(2000);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it('is not believed on the strength of what was given back to the log before', async () => {
    const { feed, freshness, deliver, clock, reseeds } = await given({ canWrite: true });
    await deliver(feed.write(change(1)));
    feed.flush('e2');
    feed.latest.fail(new FeedGap('chain', 'failed over'));
    await clock.advance(50);
    await deliver(feed.write());
    expect([freshness.isFresh(), reseeds.length]).toEqual([true, 0]);
    // The second loss comes while the first re-seed waits; the tail has not passed the second head when it ends.
    feed.flush('e3');
    feed.healing = true;
    let secondHead: ReturnType<ScriptedFeed['write']> | undefined;
    feed.afterPage = () => {
      feed.afterPage = () => {};
      secondHead = feed.write();
    };
    feed.latest.fail(new FeedGap('chain', 'flushed again'));
    await clock.advance(700);
    if (secondHead === undefined) throw new Error('expected a second snapshot');
    await deliver(secondHead);
    const before = reseeds.length;
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(false);
    await clock.advance(1000);
    expect(reseeds.length).toBe(before + 1);
  });
});

describe('at the cap', () => {
  it('is not fresh, and holds what it held', async () => {
    const { feed, freshness, deliver, holds, seen } = await given({ maxRules: 2 });
    await deliver(feed.write(change(1)), feed.write(change(2)));
    expect(freshness.isFresh()).toBe(true);
    await deliver(feed.write(change(3)));
    expect([freshness.isFresh(), freshness.status().cause]).toEqual([false, 'capacity']);
    expect([holds(1), holds(2), holds(3)]).toEqual([true, true, false]);
    // A change that does not fit is neither applied nor a duplicate.
    expect(seen.filter((event) => event.endsWith(' 3'))).toEqual([]);
  });

  it('is not fresh after a snapshot that did not fit', async () => {
    const { feed, freshness, deliver } = await given({
      maxRules: 1,
      prepare: (log) => {
        log.hold(numbered(1), block);
        log.hold(numbered(2), block);
      },
    });
    await deliver(feed.write());
    expect([freshness.isFresh(), freshness.status().cause]).toEqual([false, 'capacity']);
  });

  it('is left by a new snapshot once there is room again, without waiting for the connection to break', async () => {
    const { feed, denylist, freshness, deliver, holds, clock } = await given({ maxRules: 10 });
    const short: Rule = { ...emptyRule, deniedUntil: 100, denialStamp: 1 };
    for (let index = 0; index < 10; index++) await deliver(feed.write(change(index, short)));
    await deliver(feed.write(change(10)));
    expect(freshness.status().cause).toBe('capacity');
    denylist.forget(100 + 3600, 86_400);
    feed.flush('e1');
    feed.hold(numbered(10), block);
    feed.latest.deliver({ entries: [], provenAtMs: clock.monotonicMs() });
    await clock.advance(2000);
    expect([feed.snapshots, holds(10)]).toEqual([2, true]);
    await deliver(feed.write());
    expect(freshness.isFresh()).toBe(true);
  });

  it('is not left for less than a tenth of room: the next rules would fill it at once', async () => {
    const { feed, denylist, deliver, clock } = await given({ maxRules: 10 });
    for (let index = 0; index < 9; index++) await deliver(feed.write(change(index)));
    await deliver(feed.write(change(9, { ...emptyRule, deniedUntil: 100, denialStamp: 1 })), feed.write(change(10)));
    denylist.forget(100 + 3600, 86_400);
    await deliver(feed.write());
    await clock.advance(2000);
    expect([denylist.size, feed.snapshots]).toEqual([9, 1]);
  });
});

describe('the restart of a log', () => {
  const born = 1_700_000_000;
  const restart: Rule = { ...emptyRule, deniedUntil: forEver - 1, denialStamp: born };
  const end = { digest: restartDigest, rule: { ...emptyRule, liftedUpTo: born } };
  /** The log is lost and begins anew, saying so. */
  const lose = async ({ feed, reconnect }: Awaited<ReturnType<typeof given>>, epoch = 'e2') => {
    feed.flush(epoch);
    feed.healing = true;
    feed.hold(restartDigest, restart);
    await reconnect(new FeedGap('chain', 'flushed'));
  };

  it('is ended by who was fresh when the loss was noticed, after everything it held is given back', async () => {
    const world = await given({ canWrite: true });
    await world.deliver(world.feed.write(change(1)));
    await lose(world);
    expect(world.reseeds).toEqual([[{ digest: numbered(1), rule: block }], [end]]);
  });

  it('is ended by who was fresh and had nothing to give back', async () => {
    const world = await given({ canWrite: true });
    await world.deliver(world.feed.write());
    await lose(world);
    expect(world.reseeds).toEqual([[end]]);
    await world.deliver(world.feed.write());
    expect(world.freshness.isFresh()).toBe(true);
  });

  it('is not ended while something could not be given back', async () => {
    const world = await given({ canWrite: true });
    await world.deliver(world.feed.write(change(1)));
    world.reseedFailures.push(new Error('read only'));
    world.feed.flush('e2');
    world.feed.hold(restartDigest, restart);
    world.feed.latest.fail(new FeedGap('chain', 'flushed'));
    await world.clock.advance(700);
    expect([world.reseedFailures, world.reseeds]).toEqual([[], []]);
    await world.clock.advance(5000);
    expect(world.reseeds.at(-1)).toEqual([end]);
  });

  it('is not ended by who was stale when the loss was noticed, although it gives back what it holds', async () => {
    const world = await given({ canWrite: true });
    await world.deliver(world.feed.write(change(1)));
    await world.clock.advance(5001);
    await lose(world);
    expect(world.reseeds).toEqual([[{ digest: numbered(1), rule: block }]]);
  });

  it('is not ended by who began after it, and has become fresh since, at whatever hole comes next', async () => {
    const world = await given({ canWrite: true, prepare: (feed) => feed.hold(restartDigest, restart) });
    await world.deliver(world.feed.write());
    expect(world.freshness.isFresh()).toBe(true);
    await world.reconnect(new FeedGap('chain', 'trimmed'));
    await world.deliver(world.feed.write());
    expect(world.freshness.isFresh()).toBe(true);
    await lose(world, 'e3');
    expect(world.reseeds).toEqual([]);
  });

  it.each([
    ['has an earlier stamp, by a clock that was set back', born + 10_800],
    ['has the same stamp', born],
  ])('is in force although the restart of the log before is ended and this one %s', async (_, stamp) => {
    const ended: Rule = { ...restart, denialStamp: stamp, liftedUpTo: stamp };
    const world = await given({ canWrite: true, prepare: (feed) => feed.hold(restartDigest, ended) });
    await world.deliver(world.feed.write(change(1)));
    await world.clock.advance(5001);
    await lose(world);
    expect(world.denylist.restart).toEqual(restart);
    expect(world.reseeds).toEqual([[{ digest: numbered(1), rule: block }]]);
  });

  it('stays ended when the same log is read again that has lost the end', async () => {
    const ended: Rule = { ...restart, liftedUpTo: born };
    const world = await given({ canWrite: true, prepare: (feed) => feed.hold(restartDigest, ended) });
    await world.deliver(world.feed.write());
    world.feed.flush('e1');
    world.feed.hold(restartDigest, restart);
    await world.reconnect(new FeedGap('chain', 'a failover'));
    expect(world.denylist.restart).toEqual(ended);
    expect(world.reseeds).toEqual([[{ digest: restartDigest, rule: ended }]]);
  });

  it('is not ended by who saw another log between the one it held and this one', async () => {
    const world = await given({ canWrite: true });
    await world.deliver(world.feed.write());
    world.feed.afterPage = () => {
      world.feed.afterPage = () => {};
      world.feed.flush('e3');
      world.feed.hold(restartDigest, restart);
    };
    await lose(world);
    expect([world.gaps, world.reseeds]).toEqual([['chain', 'epoch'], []]);
  });
});
