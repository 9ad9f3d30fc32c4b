import { parseJsonObject } from '../../codec/json.ts';
import { encodeSeeds, maxSeeds } from '../../codec/seeds.ts';
import { FeedError } from '../../log/feed.ts';
import type { HeldRule, Reseed } from '../../replication/reseed.ts';
import { sameDigest } from '../../rules/digest.ts';
import { restartDigest } from '../../rules/log-restart.ts';
import { paths } from '../wire/wire.ts';
import { type HttpClient, post, readAll } from './client.ts';

/** A relay re-seeds the sidecar that it follows. Needs the relay token of that sidecar. */
export function createHttpReseed(client: HttpClient): Reseed {
  return {
    async append(rules, signal) {
      // Whoever follows the log itself judges its restart.
      const own = rules.filter(({ digest }) => !sameDigest(digest, restartDigest));
      let restored = 0;
      let refused = 0;
      for (let from = 0; from < own.length && !signal.aborted; from += maxSeeds) {
        const answer = await send(client, own.slice(from, from + maxSeeds));
        restored += answer.restored;
        refused += answer.refused;
      }
      if (refused > 0) throw new FeedError('refused', `${client.source.name} refused ${refused} lost rules`);
      return restored;
    },
  };
}

async function send(client: HttpClient, rules: readonly HeldRule[]): Promise<{ restored: number; refused: number }> {
  const response = await post(client, paths.seeds, encodeSeeds(rules));
  const body = await readAll(response, 4096);
  const status = response.statusCode ?? 0;
  if (status === 401 || status === 403) {
    throw new FeedError(
      'no_permission',
      `${client.source.name} takes lost rules with its relay token only, answered ${status}`,
    );
  }
  const { restored, refused } = parseJsonObject(Buffer.from(body).toString('utf8')) ?? {};
  if (status !== 200 || typeof restored !== 'number' || typeof refused !== 'number') {
    throw new FeedError('refused', `${client.source.name} answered ${status} to lost rules`);
  }
  return { restored, refused };
}
