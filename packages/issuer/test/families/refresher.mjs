// A process of an authorization server, from the built package: it shows a refresh token so often at once.
import { createPublisher } from '@revocast/denylist';
import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import pg from 'pg';

const { url, secret } = JSON.parse(process.env.REVOCAST_REFRESHER);
const pool = new pg.Pool({ connectionString: url, max: 8 });
pool.on('error', () => {});
const log = await createPublisher('memory:');
const lifecycle = await createLifecycle({ issuer: 'https://login.example.com/', log, store: postgresStore(pool) });
const families = lifecycle.families({ keys: [{ id: 1, secret }] });
const use = { client: 'shop', accessSeconds: 900 };

process.on('message', async ({ token, times }) => {
  const answers = await Promise.all(Array.from({ length: times }, () => families.present(token, use)));
  process.send(answers.map(({ outcome, refreshToken }) => ({ outcome, refreshToken })));
});
process.on('disconnect', () => process.exit(0));
process.send('started');
