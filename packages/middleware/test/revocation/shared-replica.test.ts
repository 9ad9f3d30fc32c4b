import { expect, it } from '@jest/globals';
import { SharedReplica } from '../../src/revocation/shared-replica.ts';
import { FakeFeed } from '../fake-feed.ts';
import { testDependencies } from '../test-dependencies.ts';

it('a subscriber of a shared replica receives the events of replication, the position after a batch included', async () => {
  const { clock, random } = testDependencies();
  const feed = new FakeFeed(clock);
  const replica = new SharedReplica({
    ...{ name: 'test', open: () => feed, clock, random, maxStalenessMs: 5000, maxRules: 10 },
  });
  const seen: string[] = [];
  replica.subscribe({
    connected: () => seen.push('connected'),
    positionReached: () => seen.push('positionReached'),
    freshnessChanged: ({ state }) => seen.push(state),
  });
  await clock.advance(0);
  expect(seen).toEqual(expect.arrayContaining(['connected', 'positionReached', 'fresh']));
  await replica.close();
});
