import { describe, expect, it } from '@jest/globals';
import { fanOut, type ReplicationObserver } from '../../src/replication/observer.ts';
import { emptyRule } from '../../src/rules/rule.ts';

const position = { epoch: 'e', head: 'h', cursor: '1', healing: false, maxTokenLifetimeSeconds: 60, minReader: 1 };
const change = { digest: Uint32Array.of(1, 2, 3, 4), rule: emptyRule };

/** Every event with its arguments: an event without a line here does not compile. */
const events: { [Event in keyof ReplicationObserver]-?: Parameters<Required<ReplicationObserver>[Event]> } = {
  connected: [position],
  positionReached: [position],
  freshnessChanged: [{ state: 'fresh', sinceMs: 1 }],
  gapFound: ['chain'],
  logIdentified: ['1', '2'],
  lossProven: [],
  epochChanged: [],
  restartChanged: [5],
  resynced: [6],
  reseeded: [7],
  changeApplied: [change, 'applied', 8],
  heartbeatSeen: [9],
  connectionFailed: [new Error('down')],
};

/** An observer that records every event of the table above. */
function recorder(name: string, seen: unknown[]): ReplicationObserver {
  return Object.fromEntries(
    Object.keys(events).map((event) => [event, (...args: unknown[]) => seen.push({ name, event, args })]),
  );
}

describe('an observer that fans out', () => {
  it.each(Object.entries(events))('forwards %s with its arguments to every observer, in order', (event, args) => {
    const seen: unknown[] = [];
    const forwarded: Record<string, (...args: never[]) => void> = fanOut([
      recorder('first', seen),
      recorder('second', seen),
    ]);
    forwarded[event]?.(...(args as never[]));
    expect(seen).toEqual([
      { name: 'first', event, args },
      { name: 'second', event, args },
    ]);
  });

  it('forwards to an observer that was added later, and not to one that was removed', () => {
    const seen: unknown[] = [];
    const observers = new Set<ReplicationObserver>();
    const all = fanOut(observers);
    const added = recorder('added', seen);
    observers.add(added);
    all.resynced(1);
    observers.delete(added);
    all.resynced(2);
    expect(seen).toEqual([{ name: 'added', event: 'resynced', args: [1] }]);
  });

  it('skips an observer without a member for the event', () => {
    expect(() => fanOut([{}]).epochChanged()).not.toThrow();
  });
});
