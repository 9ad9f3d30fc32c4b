import type { RefreshAnswer } from '../actors/message.ts';
import type { World } from '../world/world.ts';
import { type Refreshers, startRefreshers } from './refreshers.ts';

const timesInEach = 8;
/** A client repeats a refresh that was not decided so often. */
const mostRepeats = 20;

/** Sixteen requests at once, in two processes: one rotates, and all get the same child, round after round. */
export async function refreshAtOnce(world: World, { rounds }: { readonly rounds: number }): Promise<void> {
  const refreshers = await startRefreshers(world);
  const wrong: string[] = [];
  try {
    const opened = await refreshers.families.open({ subject: 'owner', client: 'shop', accessSeconds: 900 });
    let token = opened.refreshToken;
    await world.fault(`a refresh token is shown ${2 * timesInEach} times at once, ${rounds} times`, async () => {
      for (let round = 0; round < rounds; round++) {
        const answers = await refreshUntilDecided(refreshers, token);
        const children = new Set(answers.map(({ refreshToken }) => refreshToken));
        const rotated = answers.filter(({ outcome }) => outcome === 'rotated').length;
        const retried = answers.filter(({ outcome }) => outcome === 'retried').length;
        if (children.size !== 1 || rotated !== 1 || retried !== 2 * timesInEach - 1) {
          wrong.push(`round ${round}: ${rotated} rotated, ${retried} retried, ${children.size} children`);
        }
        token = answers.find(({ refreshToken }) => refreshToken !== undefined)?.refreshToken ?? token;
      }
    });
    world.expect('one rotates and all get its child', wrong.length === 0, wrong.slice(0, 5).join('; '));
    const left = (await refreshers.families.list('owner')).length;
    world.expect('the family lives', left === 1, `${left} families`);
  } finally {
    await refreshers.close();
  }
}

/**
 * On a busy machine a request can wait too long for the row that another one holds. It is answered `store_unavailable`, which
 * decides nothing, and the client shows the same token again.
 */
async function refreshUntilDecided(refreshers: Refreshers, token: string): Promise<readonly RefreshAnswer[]> {
  const answers = await refreshers.refresh(token, timesInEach);
  return Promise.all(
    answers.map(async (first, index) => {
      let answer = first;
      for (let repeats = 0; answer.outcome === 'store_unavailable' && repeats < mostRepeats; repeats++) {
        answer = await refreshers.refreshIn(index < timesInEach ? 0 : 1, token);
      }
      return answer;
    }),
  );
}
