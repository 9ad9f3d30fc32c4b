import { describe, expect, it } from '@jest/globals';
import { restartDigest } from '@revocast/denylist/replica';
import { UnavailableError } from '../../src/errors.ts';
import type { EndReason, WatchOptions } from '../../src/streams/watch.ts';
import { issuer, openStreams, session } from './stream-world.ts';

describe('a watched stream', () => {
  it('ends in the turn in which a rule for its token is applied, and no other stream does', () => {
    const { streams, feed, token, ended } = openStreams();
    const calls: EndReason[] = [];
    const watch = streams.watch(token('s-1'), { onEnd: (reason) => void calls.push(reason) });
    const other = streams.watch(token('s-2'));
    expect(watch.signal.aborted).toBe(false);
    feed.deny(session('s-1'));
    expect(watch).toMatchObject({ reason: 'revoked_session', closeCode: 4401 });
    expect(watch.signal).toMatchObject({ aborted: true, reason: 'revoked_session' });
    expect(other).toMatchObject({ reason: undefined, closeCode: undefined });
    expect(calls).toEqual(['revoked_session']);
    // 20 ms from the log to its application, and no time on a clock that stands still.
    expect(ended).toEqual([{ reason: 'revoked_session', seconds: 0.02 }]);
    expect(streams.size).toBe(1);
  });

  it('ends with every other stream when the rule covers all of them', () => {
    const { streams, feed, token } = openStreams();
    const watches = Array.from({ length: 500 }, (_, at) => streams.watch(token(`s-${at}`)));
    feed.deny({ dimension: 'issuer', issuer, value: issuer });
    expect(watches.filter(({ reason }) => reason !== 'revoked_issuer')).toEqual([]);
    expect(streams.entries).toBe(0);
  });

  it('is judged when it is registered: a revocation may have come after the decision', async () => {
    const { streams, feed, token } = openStreams();
    feed.deny(session('s-1'));
    const calls: EndReason[] = [];
    const watch = streams.watch(token('s-1'), { onEnd: (reason) => void calls.push(reason) });
    expect(watch.reason).toBe('revoked_session');
    expect(watch.signal.aborted).toBe(true);
    expect(calls).toEqual([]);
    await Promise.resolve();
    expect(calls).toEqual(['revoked_session']);
    expect(streams.entries).toBe(0);
  });

  it('is judged after a snapshot, whose rules are not reported one by one', () => {
    const { streams, feed, token } = openStreams();
    const watch = streams.watch(token('s-1'));
    feed.resync(session('s-1'), { deniedUntil: 0xffff_ffff, denialStamp: 1 });
    expect(watch.reason).toBe('revoked_session');
  });

  it('goes on after a lift, and after a cutoff before its token', () => {
    const { streams, feed, token, nowSeconds } = openStreams();
    feed.deny(session('s-1'), 5);
    feed.change(session('s-1'), { liftedUpTo: 5 });
    const watch = streams.watch(token('s-1'));
    feed.change(session('s-1'), { liftedUpTo: 6 });
    feed.change(session('s-1'), { issuedUpTo: nowSeconds() - 61 });
    expect(watch.reason).toBeUndefined();
    feed.change(session('s-1'), { issuedUpTo: nowSeconds() - 60 });
    expect(watch.reason).toBe('revoked_session');
  });

  it('ends in the second in which its token expires', async () => {
    const { streams, clock, token } = openStreams();
    const watch = streams.watch(token('s-1', 10));
    await clock.advance(9999);
    expect(watch.reason).toBeUndefined();
    await clock.advance(1);
    expect(watch).toMatchObject({ reason: 'expired', closeCode: 4401 });
    expect(streams.entries).toBe(0);
  });

  it('ends within a second of a clock that jumps past the expiry of its token', async () => {
    const { streams, clock, token } = openStreams();
    const watch = streams.watch(token('s-1', 300));
    clock.jumpWall(86_400_000);
    await clock.advance(1000);
    expect(watch.reason).toBe('expired');
  });

  it('ends when its key is no longer trusted, and not while that is unknown', async () => {
    const { streams, clock, keys, token } = openStreams();
    const watch = streams.watch(token());
    Object.assign(keys, { trusted: false, state: 'expired' });
    await clock.advance(2000);
    expect(watch.reason).toBeUndefined();
    keys.state = 'fresh';
    await clock.advance(1000);
    expect(watch).toMatchObject({ reason: 'key_not_trusted', closeCode: 4401 });
  });

  it('that was opened before a restart of the log ends with too_old, if older tokens are rejected', () => {
    const { streams, feed, token, nowSeconds } = openStreams({ onLogReset: 'reject-older' });
    const watch = streams.watch(token());
    feed.restartedAtSeconds = nowSeconds() - 60;
    for (const observer of feed.observers) {
      const rule = { deniedUntil: 0, issuedUpTo: nowSeconds(), denialStamp: 0, liftedUpTo: 0 };
      observer.changeApplied?.({ digest: restartDigest, rule }, 'resynced', undefined);
    }
    expect(watch).toMatchObject({ reason: 'too_old', closeCode: 4401 });
  });

  it('ends with its verifier, and a stream that is opened later has ended already', () => {
    const { streams, token } = openStreams();
    const watch = streams.watch(token());
    streams.close();
    expect(watch).toMatchObject({ reason: 'verifier_closed', closeCode: 1013 });
    expect(streams.watch(token()).reason).toBe('verifier_closed');
    expect(streams.entries).toBe(0);
  });
});

describe('a watched stream, while the denylist is not fresh', () => {
  const openStale = (whenUnknown: 'unavailable' | 'accept', options?: WatchOptions) => {
    const opened = openStreams({ whenUnknown });
    const watch = opened.streams.watch(opened.token(), options);
    opened.feed.setFresh(false);
    return { ...opened, watch };
  };

  it('goes on for graceMs and a random part of as much, and then ends with 1013', async () => {
    // The random number of this test is 0.5.
    const { clock, watch } = openStale('unavailable');
    await clock.advance(44_000);
    expect(watch.reason).toBeUndefined();
    await clock.advance(1000);
    expect(watch).toMatchObject({ reason: 'denylist_unavailable', closeCode: 1013 });
  });

  it('goes on if the denylist was fresh again in time, and counts anew', async () => {
    const { clock, feed, watch } = openStale('unavailable');
    await clock.advance(44_000);
    feed.setFresh(true);
    await clock.advance(1000);
    feed.setFresh(false);
    await clock.advance(44_000);
    expect(watch.reason).toBeUndefined();
  });

  it('has its grace from its own start', async () => {
    const { clock, streams, token } = openStale('unavailable');
    await clock.advance(40_000);
    const later = streams.watch(token());
    await clock.advance(44_000);
    expect(later.reason).toBeUndefined();
    await clock.advance(1000);
    expect(later.reason).toBe('denylist_unavailable');
  });

  it.each([
    ['accept', undefined],
    ['unavailable', { whenUnknown: 'keep' }],
  ] as const)('goes on for ever with %s and the options %j, but ends by a rule', async (whenUnknown, options) => {
    const { clock, feed, watch } = openStale(whenUnknown, options);
    await clock.advance(200_000);
    expect(watch.reason).toBeUndefined();
    feed.deny(session('s-1'));
    expect(watch.reason).toBe('revoked_session');
  });

  it('ends within a second with a grace of 0', async () => {
    const { clock, watch } = openStale('accept', { whenUnknown: 'end', graceMs: 0 });
    await clock.advance(1000);
    expect(watch.reason).toBe('denylist_unavailable');
  });

  it('ends at once if its token lives longer than the rules of the log', () => {
    const { streams, feed, token } = openStreams();
    const watch = streams.watch(token());
    feed.keptSeconds = 359;
    feed.resync(session('other'), {});
    expect(watch.reason).toBe('denylist_unavailable');
  });
});

describe('the watches of a verifier', () => {
  it('end with their application, by close, `using` or a signal, without a reason', () => {
    const { streams, feed, token, ended } = openStreams();
    const gone = new AbortController();
    const calls: unknown[] = [];
    const closed = streams.watch(token(), { onEnd: (reason) => void calls.push(reason) });
    const followed = streams.watch(token(), { until: gone.signal });
    const late = streams.watch(token(), { until: AbortSignal.abort() });
    expect(streams.size).toBe(2);
    closed.close();
    closed[Symbol.dispose]();
    gone.abort();
    feed.deny(session('s-1'));
    for (const watch of [closed, followed, late]) {
      expect({ reason: watch.reason, aborted: watch.signal.aborted }).toEqual({ reason: undefined, aborted: false });
    }
    expect({ calls, ended, entries: streams.entries }).toEqual({ calls: [], ended: [], entries: 0 });
  });

  it('leave no entry and no timer behind after 100,000 of them', async () => {
    const { streams, clock, token } = openStreams();
    const shared = token();
    for (let count = 0; count < 100_000; count += 1) streams.watch(shared).close();
    await clock.advance(1000);
    expect({ entries: streams.entries, sleepers: clock.sleeping }).toEqual({ entries: 0, sleepers: 0 });
  });

  it('are refused above the bound, with a 503', () => {
    const { streams, token } = openStreams({ maxStreams: 2 });
    const first = streams.watch(token());
    streams.watch(token());
    expect(() => streams.watch(token())).toThrow(UnavailableError);
    expect(() => streams.watch(token())).toThrow(/watch\.maxStreams/);
    first.close();
    expect(streams.watch(token()).reason).toBeUndefined();
  });

  it('end one by one, also if the application throws: its error is thrown after the turn', () => {
    const { streams, feed, token, later, ended } = openStreams();
    const failure = new Error('from the application');
    const onEnd = () => {
      throw failure;
    };
    const watches = [streams.watch(token(), { onEnd }), streams.watch(token())];
    feed.deny(session('s-1'));
    expect(watches.map(({ reason }) => reason)).toEqual(['revoked_session', 'revoked_session']);
    expect(ended.length).toBe(2);
    expect(later.length).toBe(1);
    expect(later[0]).toThrow(failure);
  });

  it.each([
    [{ unti: 1 }, /watch\.unti: there is no such option: did you mean until/],
    [{ until: 1 }, /watch\.until: expected an AbortSignal/],
    [{ whenUnknown: 'accept' }, /watch\.whenUnknown: expected one of keep, end/],
    [null, /watch: expected an object of options, found null/],
    [5, /watch: expected an object of options, found the number 5/],
    [{ graceMs: -1 }, /watch\.graceMs: expected a whole number of ms from 0 to 3600000/],
    [{ onEnd: 'close' }, /watch\.onEnd: expected a function/],
  ])('refuse the options %j', (options, message) => {
    const { streams, token } = openStreams();
    expect(() => streams.watch(token(), options as WatchOptions)).toThrow(message);
    expect(streams.entries).toBe(0);
  });
});
