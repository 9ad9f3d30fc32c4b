import { describe, it } from '@jest/globals';
import type { World } from '../model/world.ts';
import { holds } from './holds.ts';

const firstProcessStale = ({ clock, processes }: World) =>
  processes[0]?.replica.freshness.isFresh() ? undefined : `stale at ${clock.monotonicMs()}`;

describe('a process whose sidecar is restarted or replaced', () => {
  it('stays fresh, because its rules are still complete', async () => {
    await holds(['deny 0', 'kill sidecar 0', 'start sidecar 0', 'wait 7000'], firstProcessStale);
    await holds(['deny 0', 'switch 0 1', 'wait 7000'], firstProcessStale);
  });

  it('does not count as complete at a position of the old feed that the new feed has reached too', async () => {
    await holds(['deny 1', 'lift 1 1000', 'kill sidecar 0', 'deny 0', 'start sidecar 0 7000', 'wait 4000']);
  });

  it('becomes stale when its new sidecar is cut off with the old primary', async () => {
    await holds(['partition 0', 'deny 0', 'switch 1 0 7000', 'wait 7000']);
  });
});

describe('a rule that a sidecar receives in a snapshot', () => {
  it('reaches the processes that are connected to it', async () => {
    await holds(['isolate 0 3000', 'deny 0', 'trim', 'reconnect 0 7000', 'wait 7000']);
    await holds(['isolate 0 3000', 'deny 0', 'lift 0', 'trim', 'reconnect 0 7000', 'wait 7000']);
  });
});
