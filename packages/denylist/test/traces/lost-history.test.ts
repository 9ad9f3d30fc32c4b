import { describe, it } from '@jest/globals';
import { tokens, type World } from '../model/world.ts';
import { holds } from './holds.ts';

describe('a failover to a redis replica that lagged', () => {
  it('is noticed although the next heartbeat has the number of the lost entry', async () => {
    // Both histories count heartbeats at the same rate: neither numbers nor ids show that a denial is of the other one.
    await holds(['cut replication', 'deny 0', 'failover 400']);
    await holds(['cut replication', 'deny 0 400', 'failover 7000', 'deny 1', 'wait 7000']);
  });

  it('is repaired by the sidecar that has the lost rules, although another one has the lease', async () => {
    await holds([
      'isolate 0',
      'cut replication',
      'deny 0 1000',
      'isolate 1',
      'reconnect 0',
      'failover 7000',
      'reconnect 1',
    ]);
  });

  it('between a snapshot and its second head makes the snapshot start again, and its rules are re-seeded', async () => {
    await holds([
      ...['deny 1', 'deny 0', 'lift 0 1000', 'kill sidecar 0', 'kill sidecar 1 1000', 'start sidecar 2 50'],
      ...['cut replication', 'deny 0 40', 'failover'],
    ]);
  });

  it('loses no rule that was acknowledged on the cut-off side and applied by a sidecar there', async () => {
    await holds(['partition 0', 'deny on the cut-off side 0 1000', 'end partition']);
  });
});

describe('a file cut short', () => {
  it('is noticed although the last id goes backwards, and the rules of a sidecar are re-seeded', async () => {
    await holds(['deny 0 400', 'shorten 4', 'wait 4000']);
    await holds(['deny 0', 'lift 0 400', 'shorten 4', 'wait 4000']);
  });
});

describe('a log that comes back empty', () => {
  it('is re-seeded with every rule that a sidecar has', async () => {
    await holds(['deny 0', 'deny 1 400', 'flush 7000']);
    await holds(['deny 0', 'deny 1 400', 'restart empty', 'deny 1 7000']);
  });

  it('answers unknown to a cold sidecar and to a look-up until then', async () => {
    await holds(['deny 0 400', 'isolate 0', 'isolate 1', 'restart empty', 'start sidecar 2', 'start process 2 4000']);
  });

  it('undoes no lift, whether it came before or during a re-seed', async () => {
    await holds(['deny 0', 'lift 0', 'flush 7000']);
    await holds(['deny 0', 'flush 400', 'lift 0 4000']);
    await holds(['isolate 0', 'deny 0', 'reconnect 0 3000', 'isolate 0', 'flush', 'lift 0', 'reconnect 0 4000']);
  });

  it('is re-seeded by a sidecar that was disconnected at the time of the loss', async () => {
    await holds([
      'deny 0 400',
      'isolate 0',
      'kill sidecar 1',
      'flush 4000',
      'start sidecar 1 4000',
      'reconnect 0 4000',
    ]);
  });

  it('does not end a denial: a flush is undone, a lift is not', async () => {
    const deniesAnn = ({ processes, clock }: World) => {
      const verdict = processes[0]?.replica.check(tokens[0]!.digests, 0xffff_0000).verdict;
      return clock.monotonicMs() > 14_000 && verdict !== 'revoked' ? `${verdict} at ${clock.monotonicMs()}` : undefined;
    };
    await holds(['deny 0 1500', 'flush 7000'], deniesAnn);
    await holds(['deny 0 1500', 'flush 4000', 'lift 0 4000']);
  });
});

describe('a stream that was trimmed past a reader', () => {
  it('is noticed at the next entry, and the snapshot has the trimmed rules', async () => {
    await holds(['isolate 0', 'deny 0', 'lift 1', 'trim', 'reconnect 0 4000']);
  });
});
