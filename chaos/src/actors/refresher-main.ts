import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { Pool } from 'pg';
import { issuer } from '../issuer/accounts.ts';
import { type ActorMessage, type Refreshed, type RefresherSettings, readSettings } from './message.ts';

const { postgresUrl, logUrl, secret } = readSettings<RefresherSettings>();
const pool = new Pool({ connectionString: postgresUrl, max: 10 });
pool.on('error', () => {});
const lifecycle = await createLifecycle({ issuer, log: logUrl, store: postgresStore(pool) });
const families = lifecycle.families({ keys: [{ id: 1, secret }] });

async function refresh(token: string, times: number): Promise<void> {
  const use = { client: 'shop', accessSeconds: 900 };
  const answers = await Promise.all(Array.from({ length: times }, () => families.present(token, use)));
  const refreshed: Refreshed = {
    answers: answers.map((answer) =>
      answer.ok
        ? { outcome: answer.outcome, refreshToken: answer.refreshToken, claims: { ...answer.claims } }
        : { outcome: answer.outcome },
    ),
  };
  process.send?.(refreshed);
}

process.on('disconnect', () => process.exit(1));
process.on('message', (message: ActorMessage) => {
  if (message.tell === 'stop') process.exit(0);
  if (message.tell === 'refresh') void refresh(message.token, message.times);
});
process.send?.('started');
