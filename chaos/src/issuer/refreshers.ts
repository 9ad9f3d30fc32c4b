import { randomBytes } from 'node:crypto';
import { createLifecycle, type Families, type Lifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { startPostgres } from '@revocast/test-support';
import { Pool } from 'pg';
import type { RefreshAnswer, Refreshed } from '../actors/message.ts';
import type { ActorProcess } from '../world/actor-process.ts';
import type { World } from '../world/world.ts';
import { issuer } from './accounts.ts';

export interface Refreshers {
  /** Of this process, on the same database. */
  readonly lifecycle: Lifecycle;
  readonly families: Families;
  /** Its database. */
  readonly pool: Pool;
  /** Each of two processes shows the token so often, all at once. */
  refresh(token: string, times: number): Promise<readonly RefreshAnswer[]>;
  /** One of the two processes shows the token once. */
  refreshIn(process: 0 | 1, token: string): Promise<RefreshAnswer>;
  close(): Promise<void>;
}

/** Two processes of an authorization server that keep refresh tokens in one PostgreSQL. */
export async function startRefreshers(world: World): Promise<Refreshers> {
  const postgres = await startPostgres();
  const pool = new Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  const store = postgresStore(pool);
  await store.migrate();
  const secret = randomBytes(32).toString('base64');
  const logUrl = world.primary.url;
  const lifecycle = await createLifecycle({ issuer, log: logUrl, store });
  const settings = { postgresUrl: postgres.url, logUrl, secret };
  const processes = ['r1', 'r2'].map((who) => {
    const waiting: ((answers: readonly RefreshAnswer[]) => void)[] = [];
    const actor = world.addRefresher(who, settings, (message) => {
      if (isRefreshed(message)) waiting.shift()?.(message.answers);
    });
    return { actor, answered: () => new Promise<readonly RefreshAnswer[]>((resolve) => waiting.push(resolve)) };
  });
  await Promise.all(processes.map(({ actor }) => actor.start()));
  return {
    lifecycle,
    pool,
    families: lifecycle.families({ keys: [{ id: 1, secret }] }),
    async refresh(token, times) {
      return (await Promise.all(processes.map((each) => show(each, token, times)))).flat();
    },
    async refreshIn(index, token) {
      const [answer] = await show(processes[index]!, token, 1);
      return answer!;
    },
    async close() {
      await Promise.all(processes.map(({ actor }) => actor.stop()));
      await lifecycle.close();
      await pool.end();
      await postgres.stop();
    },
  };
}

interface Refresher {
  readonly actor: ActorProcess;
  answered(): Promise<readonly RefreshAnswer[]>;
}

function show({ actor, answered }: Refresher, token: string, times: number): Promise<readonly RefreshAnswer[]> {
  const answer = answered();
  actor.tell({ tell: 'refresh', token, times });
  return answer;
}

function isRefreshed(message: object): message is Refreshed {
  return 'answers' in message && Array.isArray(message.answers);
}
