import { expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { openReplica } from '../../src/replication/open-replica.ts';
import { ScriptedFeed } from './scripted-feed.ts';

it('a replica that is closed while its feed is being dialled ends, and closes what was opened too late', async () => {
  const clock = new FakeClock();
  const scripted = new ScriptedFeed();
  let dialled: (() => void) | undefined;
  const feed = {
    name: 'slow',
    async connect(...args: Parameters<ScriptedFeed['connect']>) {
      await new Promise<void>((resolve) => {
        dialled = resolve;
      });
      // The signal has aborted by now: whoever listens to it only from here on hears nothing.
      return await scripted.connect(...args);
    },
  };
  const replica = openReplica({ feed, clock, random: () => 0.5 });
  const closed = replica.close().then(() => 'closed');
  dialled?.();
  const turns = (async () => {
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    return 'goes on';
  })();
  expect(await Promise.race([closed, turns])).toBe('closed');
  expect(scripted.latest).toMatchObject({ closed: true, tailFrom: undefined });
});
