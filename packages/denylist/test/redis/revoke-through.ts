import { setTimeout as sleep } from 'node:timers/promises';
import { randomHex } from '../../src/system-clock.ts';
import type { Follower } from './follower.ts';

/** Revokes about thirty times a second, each with the same id until it is acknowledged, as a caller should do. */
export function startRevoking(by: Pick<Follower, 'revoke'>): { stop(): Promise<string[]> } {
  const acknowledged: string[] = [];
  let stopped = false;
  const run = async () => {
    while (!stopped) {
      const session = randomHex(6);
      for (let tries = 0; tries < 500; tries += 1) {
        const done = await by.revoke(session, `id-${session}`).then(
          () => true,
          () => false,
        );
        if (done) {
          acknowledged.push(session);
          break;
        }
        await sleep(50);
      }
      await sleep(30);
    }
  };
  const running = run();
  return {
    async stop() {
      stopped = true;
      await running;
      return acknowledged;
    },
  };
}
