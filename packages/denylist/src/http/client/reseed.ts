import { maxSeeds } from '../../codec/seeds.ts';
import { FeedError } from '../../log/feed.ts';
import type { RevocationLog } from '../../log/revocation-log.ts';
import type { Reseed } from '../../replication/reseed.ts';
import { sameDigest } from '../../rules/digest.ts';
import { restartDigest } from '../../rules/log-restart.ts';

/** A relay re-seeds the sidecar that it follows. Needs the relay token of that sidecar. */
export function createHttpReseed(log: Pick<RevocationLog, 'restore'>): Reseed {
  return {
    async append(rules, signal) {
      // The sidecars that follow the log itself judge its restart.
      const own = rules.filter(({ digest }) => !sameDigest(digest, restartDigest));
      let restored = 0;
      let refused = 0;
      for (let from = 0; from < own.length && !signal.aborted; from += maxSeeds) {
        const answer = await log.restore(own.slice(from, from + maxSeeds));
        restored += answer.restored;
        refused += answer.refused;
      }
      if (refused > 0) throw new FeedError('refused', `${refused} lost rules were refused`);
      return restored;
    },
  };
}
