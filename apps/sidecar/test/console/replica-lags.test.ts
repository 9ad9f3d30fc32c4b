import { describe, expect, it } from '@jest/globals';
import type { FeedPosition, ReplicaProgress } from '@revocast/denylist/replica';
import { FakeClock } from '@revocast/test-support';
import { createReplicaLags, type ReplicaLagsOptions } from '../../src/console/replica-lags.ts';

const position = { epoch: 'e', head: 'h', healing: false, maxTokenLifetimeSeconds: 60, minReader: 1 };

function given({ everComplete = true } = {}) {
  const clock = new FakeClock();
  const listeners: Record<'change' | 'position' | 'progress', (() => void)[] | ((at: FeedPosition) => void)[]> = {
    change: [],
    position: [],
    progress: [],
  };
  let progress: ReplicaProgress[] = [];
  const listen = (to: keyof typeof listeners) => (listener: never) => {
    (listeners[to] as unknown[]).push(listener);
    return () => {
      listeners[to] = [];
    };
  };
  const options = {
    clock,
    replica: { freshness: { everComplete }, denylist: { onChange: listen('change') }, onPosition: listen('position') },
    readers: { replicas: () => progress, silences: () => new Map([['api', 12]]), onProgress: listen('progress') },
  };
  const lags = createReplicaLags(options as unknown as ReplicaLagsOptions);
  return {
    lags,
    clock,
    listening: () => Object.values(listeners).flat().length,
    /** Applies a batch of changes that ends at `cursor`. */
    apply(changes: number, cursor: string) {
      for (let change = 0; change < changes; change++)
        for (const notify of listeners.change as (() => void)[]) notify();
      for (const notify of listeners.position as ((at: FeedPosition) => void)[]) notify({ ...position, cursor });
    },
    report(cursors: Readonly<Record<string, string | undefined>>) {
      progress = Object.entries(cursors).map(([id, cursor]) => {
        const replica = { id, failOpen: false, maxStalenessMs: 5000 };
        return cursor === undefined ? replica : { ...replica, cursor };
      });
      for (const notify of listeners.progress as (() => void)[]) notify();
    },
    read: () => Object.fromEntries(lags.read().map(({ id, lag }) => [id, lag])),
  };
}

describe('the lag of a replica', () => {
  it('is nothing when the replica has applied every change of this sidecar', () => {
    const { report, apply, read, lags } = given();
    report({});
    apply(0, 'a');
    apply(2, 'b');
    report({ api: 'b' });
    expect(read()).toEqual({ api: { kind: 'current' } });
    expect(lags.read()).toMatchObject([{ id: 'api', silentMs: 12 }]);
  });

  it('is the number of missing changes, and the time since the first of them was applied', async () => {
    const { report, apply, read, clock } = given();
    report({});
    apply(0, 'a');
    await clock.advance(100);
    apply(2, 'b');
    await clock.advance(50);
    apply(3, 'c');
    await clock.advance(7);
    report({ one: 'a', two: 'b', three: 'c' });
    expect(read()).toEqual({
      one: { kind: 'behind', changes: 5, ms: 57 },
      two: { kind: 'behind', changes: 3, ms: 7 },
      three: { kind: 'current' },
    });
  });

  it('is nothing after heartbeats only: they move the position without a change', async () => {
    const { report, apply, read, clock } = given();
    report({});
    apply(1, 'a');
    await clock.advance(500);
    apply(0, 'b');
    report({ api: 'b' });
    expect(read()).toEqual({ api: { kind: 'current' } });
  });

  it('stays known after any number of heartbeats', () => {
    const { report, apply, read } = given();
    report({});
    apply(0, 'a');
    apply(1, 'b');
    for (let heartbeat = 0; heartbeat < 5000; heartbeat++) apply(0, `heartbeat-${heartbeat}`);
    report({ api: 'a' });
    expect(read()).toEqual({ api: { kind: 'behind', changes: 1, ms: 0 } });
  });

  it('is unknown for a replica that is not synchronised, and for a position that is no longer recorded', () => {
    const { report, apply, read } = given();
    report({ joined: undefined });
    apply(0, 'first');
    for (let batch = 0; batch < 4096; batch++) apply(1, `cursor-${batch}`);
    report({ joined: undefined, lost: 'first', found: 'cursor-0' });
    expect(read()).toEqual({
      joined: { kind: 'unknown' },
      lost: { kind: 'unknown' },
      found: { kind: 'behind', changes: 4095, ms: 0 },
    });
  });

  it('is sorted, the largest first', () => {
    const { report, apply, lags } = given();
    report({});
    apply(0, 'a');
    apply(1, 'b');
    apply(1, 'c');
    report({ current: 'c', unknown: 'x', far: 'a', near: 'b', unknownToo: 'y' });
    expect(lags.read().map(({ id }) => id)).toEqual(['unknown', 'unknownToo', 'far', 'near', 'current']);
  });

  it('is not measured before the first report, before the first complete snapshot, or after close', () => {
    const idle = given();
    expect(idle.listening()).toBe(1);
    const cold = given({ everComplete: false });
    cold.report({});
    cold.apply(1000, 'a');
    expect(cold.listening()).toBe(2);
    const { report, apply, listening, lags } = given();
    report({});
    apply(0, 'a');
    expect(listening()).toBe(3);
    lags.close();
    expect(listening()).toBe(0);
  });
});
