import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { Pool } from 'pg';
import { issuer } from '../issuer/accounts.ts';
import { type ActorMessage, type IssuerSettings, readSettings } from './message.ts';

/** Logouts and password changes, one after the other in each of these, until this process is killed. */
const clients = 4;

const { postgresUrl, logUrl } = readSettings<IssuerSettings>();
const pool = new Pool({ connectionString: postgresUrl, max: clients + 2 });
const lifecycle = await createLifecycle({ issuer, log: logUrl, store: postgresStore(pool) });
let isStopping = false;
process.on('disconnect', () => process.exit(1));
process.on('message', (message: ActorMessage) => {
  if (message.tell === 'stop') isStopping = true;
});

/** A user signs out: the session is deleted and the event is noted in one transaction. */
async function signOut(): Promise<void> {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    const { rows } = await tx.query(
      'delete from session where id = (select id from session limit 1 for update skip locked) returning id',
    );
    const outcome = await lifecycle.report({ type: 'session_ended', session: String(rows[0].id) }, { tx });
    await tx.query('commit');
    await outcome.settled(0);
  } finally {
    tx.release();
  }
}

/** A user changes the password. Every third time the transaction is rolled back. */
async function changePassword(attempt: number): Promise<void> {
  const tx = await pool.connect();
  try {
    await tx.query('begin');
    const { rows } = await tx.query('update account set changes = changes + 1 where subject = $1 returning subject', [
      `account-${1 + (attempt % 150)}`,
    ]);
    const outcome = await lifecycle.report({ type: 'password_changed', subject: String(rows[0].subject) }, { tx });
    await tx.query(attempt % 3 === 0 ? 'rollback' : 'commit');
    await outcome.settled(0);
  } finally {
    tx.release();
  }
}

/** Some servers note the event first, and delete the session afterwards. */
async function noteThenDelete(): Promise<void> {
  const { rows } = await pool.query('select id from session order by random() limit 1');
  const session = String(rows[0].id);
  await pool.query('insert into noted_first values ($1) on conflict do nothing', [session]);
  await lifecycle.report({ type: 'session_ended', session }, { waitMs: 0 });
  await pool.query('delete from session where id = $1', [session]);
}

async function work(first: number): Promise<void> {
  for (let attempt = first; !isStopping; attempt += clients) {
    if (attempt % 5 === 0) await noteThenDelete();
    else if (attempt % 2 === 0) await signOut();
    else await changePassword(attempt);
  }
}

process.send?.('started');
await Promise.all(Array.from({ length: clients }, (_, index) => work(Math.floor(Math.random() * 1000) + index)));
await lifecycle.close();
await pool.end();
process.exit(0);
