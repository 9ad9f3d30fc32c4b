import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import type { LostRule } from '../../src/log/revocation-log.ts';
import { LogClock } from '../../src/replication/log-clock.ts';
import { LossRecovery } from '../../src/replication/loss-recovery.ts';
import { endOfRestart, restartDigest } from '../../src/rules/log-restart.ts';
import { emptyRule, forEver, type Rule } from '../../src/rules/rule.ts';
import { Denylist } from '../../src/table/denylist.ts';

const restart: Rule = { ...emptyRule, deniedUntil: forEver - 1, denialStamp: 50 };
const restartRow = Uint32Array.of(...restartDigest, restart.deniedUntil, 0, restart.denialStamp, 0);
const end: LostRule = { digest: restartDigest, rule: endOfRestart(restart) };

/** A recovery of a replica that is complete and fresh until the test says otherwise. */
function given() {
  const clock = new FakeClock();
  const denylist = new Denylist();
  const state = { complete: true, fresh: true };
  const freshness = {
    get isComplete() {
      return state.complete;
    },
    isFresh: () => state.fresh,
    provenAtMs: clock.monotonicMs(),
    freshUntilMs: clock.monotonicMs() + 5000,
  };
  const appended: (readonly LostRule[])[] = [];
  /** Resolves the append that is running. */
  const finish: (() => void)[] = [];
  const reseed = {
    async append(rules: readonly LostRule[]) {
      appended.push(rules);
      await new Promise<void>((resolve) => finish.push(resolve));
      return rules.length;
    },
    async endRestart(stamp: number) {
      await this.append([{ digest: restartDigest, rule: { ...emptyRule, liftedUpTo: stamp } }]);
    },
  };
  const recovery = new LossRecovery({
    ...{ clock, denylist, freshness, reseed },
    logClock: new LogClock(clock),
    random: () => 0,
    signal: new AbortController().signal,
  });
  /** An entry is missing: the replica is incomplete until its next snapshot. */
  const gap = () => {
    recovery.gapFound();
    Object.assign(state, { complete: false, fresh: false });
  };
  /** Reads a snapshot of a log that began empty. */
  const readSnapshot = (epoch: string, bornAtMs?: number) => {
    const logTime = { logMs: 1_000_000, monotonicMs: clock.monotonicMs(), roundTripMs: 10 };
    recovery.snapshotBegins({ epoch, bornAtMs, logTime });
    denylist.mergeRows(restartRow, 'union');
    recovery.addRows(restartRow);
    recovery.snapshotEnds();
  };
  /** Starts a re-seed and runs it up to its append, if it has one. */
  const reseedNow = async () => {
    const ended = recovery.reseed(86_400);
    await clock.advance(1000);
    return { ended };
  };
  return { clock, state, recovery, appended, finish, gap, readSnapshot, reseedNow };
}

describe('the recovery from a loss', () => {
  it('ends the restart of the log when the replica was fresh at the loss, after any number of attempts to read it', async () => {
    const { appended, gap, readSnapshot, reseedNow } = given();
    gap();
    readSnapshot('b');
    gap();
    readSnapshot('b');
    await reseedNow();
    expect(appended).toEqual([[end]]);
  });

  it('does not end the restart when the replica was stale at the loss, although it was fresh at an earlier one', async () => {
    const { state, appended, gap, readSnapshot, reseedNow } = given();
    gap();
    Object.assign(state, { complete: true, fresh: false });
    gap();
    readSnapshot('b');
    await reseedNow();
    expect(appended).toEqual([]);
  });

  it('does not end the restart after a second loss before the recovery from the first', async () => {
    const { appended, gap, readSnapshot, reseedNow } = given();
    gap();
    readSnapshot('b');
    gap();
    readSnapshot('c');
    await reseedNow();
    expect(appended).toEqual([]);
  });

  it.each([
    ['ends the restart when the next log is read before the last proof expires', 5000, [[end]]],
    ['does not end the restart when it could not read any log until its last proof had expired', 5001, []],
  ])('%s', async (_, readAfterMs, expected) => {
    const { clock, appended, gap, readSnapshot, reseedNow } = given();
    gap();
    await clock.advance(readAfterMs);
    readSnapshot('b');
    await reseedNow();
    expect(appended).toEqual(expected);
  });

  it.each([
    ['ends the restart of a log that may have begun at the last proof of the log before it', 3006, [[end]]],
    ['does not end the restart of a log that began before the last proof of the log before it', 3007, []],
  ])('%s', async (_, ageMs, expected) => {
    const { clock, appended, gap, readSnapshot, reseedNow } = given();
    gap();
    await clock.advance(3000);
    // Half of the round trip, and a millisecond of rounding, may be part of this age.
    readSnapshot('b', 1_000_000 - ageMs);
    await reseedNow();
    expect(appended).toEqual(expected);
  });

  it('does not believe the heartbeats of a healing log that began before the last proof of the log before it', async () => {
    const { clock, recovery, gap, readSnapshot, reseedNow } = given();
    gap();
    await clock.advance(3000);
    readSnapshot('b', 1_000_000 - 10_000);
    await (await reseedNow()).ended;
    expect(recovery.believesHeartbeats).toBe(false);
  });

  it('does not count a re-seed that was running when the next snapshot was read', async () => {
    const { recovery, appended, finish, gap, readSnapshot, reseedNow } = given();
    gap();
    readSnapshot('b');
    const first = await reseedNow();
    readSnapshot('b');
    finish[0]?.();
    await first.ended;
    expect(recovery.believesHeartbeats).toBe(false);
    const second = await reseedNow();
    finish[1]?.();
    await second.ended;
    expect({ appends: appended.length, believes: recovery.believesHeartbeats }).toEqual({ appends: 2, believes: true });
  });
});
