import type { World } from '../world/world.ts';
import { startRefreshers } from './refreshers.ts';

/**
 * The answer of one process is lost, and the client repeats its refresh at the other one: it gets the child that the lost answer
 * contained, and the next refresh works.
 */
export async function loseAnswers(world: World, { answers }: { readonly answers: number }): Promise<void> {
  const refreshers = await startRefreshers(world);
  const wrong: string[] = [];
  try {
    const opened = await refreshers.families.open({ subject: 'owner', client: 'shop', accessSeconds: 900 });
    let token = opened.refreshToken;
    await world.fault(`${answers} answers to refreshes are lost, and each is repeated`, async () => {
      for (let round = 0; round < answers; round++) {
        const first = world.random() < 0.5 ? 0 : 1;
        const lost = await refreshers.refreshIn(first, token);
        const again = await refreshers.refreshIn(first === 0 ? 1 : 0, token);
        const isSame = lost.refreshToken !== undefined && again.refreshToken === lost.refreshToken;
        if (lost.outcome !== 'rotated' || again.outcome !== 'retried' || !isSame) {
          wrong.push(`round ${round}: ${lost.outcome}, then ${again.outcome}${isSame ? '' : ' with another child'}`);
        }
        token = again.refreshToken ?? token;
      }
    });
    world.expect('a repeated refresh gets the lost child', wrong.length === 0, wrong.slice(0, 5).join('; '));
    const left = (await refreshers.families.list('owner')).length;
    world.expect('the family lives', left === 1, `${left} families`);
  } finally {
    await refreshers.close();
  }
}
