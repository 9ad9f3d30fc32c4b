import { startTestIssuer, type TestIssuer } from '@revocast/test-support';
import { startRuleServer } from '../rules/rule-server.ts';
import type { Setting } from './contenders/contender.ts';
import { settingOf } from './setting.ts';

export const algorithm = 'ES256';

/** Starts an issuer and a feed for each number of rules, and ends them after `measure`. */
export async function withIssuer<Result>(
  sizes: readonly number[],
  measure: (issuer: TestIssuer, settings: readonly Setting[]) => Promise<Result>,
): Promise<Result> {
  const issuer = await startTestIssuer({ algorithm });
  const feeds = await Promise.all(sizes.map((size) => startRuleServer(size)));
  try {
    // Unused: no contender of these parts connects to Redis.
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
