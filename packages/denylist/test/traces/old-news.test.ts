import { describe, it } from '@jest/globals';
import { tokens, type World } from '../model/world.ts';
import { holds } from './holds.ts';

const futureIat = 0xffff_0000;

describe('an old heartbeat that is read late', () => {
  it('is no proof for a sidecar that was stopped, nor for its processes', async () => {
    await holds(['pause sidecar 0 3000', 'partition 0', 'deny 0 7000', 'resume sidecar 0 4000']);
  });

  it('is no proof for a process that was stopped while its sidecar continued', async () => {
    await holds(['pause process 0 4000', 'partition 0', 'deny 0 7000', 'resume process 0 4000']);
  });

  it('in a backlog is no proof for the entries after it', async () => {
    await holds(['isolate 0', 'deny 0', 'deny 1', 'lift 0', 'deny 0 4000', 'reconnect 0 400']);
  });
});

describe('a primary that was cut off and still answers', () => {
  it('keeps no process fresh longer than the bound, and a look-up answers unknown', async () => {
    await holds(['partition 0', 'deny 0 7000', 'wait 7000']);
    await holds(['kill sidecar 0', 'partition 0', 'deny 0 7000', 'wait 7000']);
  });
});

describe('a denial in the denylist of a process', () => {
  it('counts while the process is stale', async () => {
    await holds(['deny 0 1500', 'kill sidecar 0 7000', 'wait 7000'], ({ processes, clock }: World) => {
      const verdict = processes[0]?.replica.check(tokens[0]!.digests, futureIat).verdict;
      return clock.monotonicMs() > 14_000 && verdict !== 'revoked' ? `${verdict} at ${clock.monotonicMs()}` : undefined;
    });
  });
});
