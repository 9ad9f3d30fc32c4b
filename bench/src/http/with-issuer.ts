import { startTestIssuer, type TestIssuer } from '@revocast/test-support';
import { startRuleServer } from '../rules/rule-server.ts';
import type { Setting } from './contenders/contender.ts';
import { settingOf } from './setting.ts';

export const algorithm = 'ES256';

/** What a part needs that measures Revocast alone, beside the bare route: an issuer, and a feed for each size. */
export async function withIssuer<Result>(
  sizes: readonly number[],
  measure: (issuer: TestIssuer, settings: readonly Setting[]) => Promise<Result>,
): Promise<Result> {
  const issuer = await startTestIssuer({ algorithm });
  const feeds = await Promise.all(sizes.map((size) => startRuleServer(size)));
  try {
    // Nothing is looked up: the rules are in memory.
    const redisUrl = 'redis://127.0.0.1:1';
    return await measure(
      issuer,
      feeds.map(({ url }) => settingOf(issuer, { algorithm, feedUrl: url, redisUrl })),
    );
  } finally {
    for (const feed of feeds) feed.end();
    await issuer.close();
  }
}
