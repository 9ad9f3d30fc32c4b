import { createLifecycle } from '@revocast/issuer';
import { postgresStore } from '@revocast/issuer/postgres';
import { startPostgres, until } from '@revocast/test-support';
import { Pool } from 'pg';
import { pause } from '../world/pause.ts';
import type { World } from '../world/world.ts';
import { createAccounts, issuer, readTruth } from './accounts.ts';
import { readLogged } from './logged-values.ts';

interface KillOptions {
  readonly kills: number;
  /** What dead processes left must be logged this soon after a process is back. Default: it is not judged. */
  readonly settleWithinMs?: number;
}

/**
 * Kills two authorization servers at random points of their logouts and password changes, one or both at a time. Then compares
 * the log with their database: nothing is lost, and nothing is invented.
 */
export async function killIssuers(world: World, { kills, settleWithinMs }: KillOptions): Promise<void> {
  const postgres = await startPostgres();
  const pool = new Pool({ connectionString: postgres.url });
  pool.on('error', () => {});
  try {
    await createAccounts(pool);
    await pool.query('create table noted_first (id text primary key)');
    const logUrl = world.primary.url;
    const servers = ['i1', 'i2'].map((who) => world.addIssuer(who, { postgresUrl: postgres.url, logUrl }));
    await Promise.all(servers.map((server) => server.start()));
    const waits: number[] = [];
    await world.fault(`two authorization servers are killed ${kills} times`, async () => {
      for (let killed = 0; killed < kills; ) {
        await pause(world.random() * 150);
        const both = world.random() < 0.2;
        const victims = both ? servers : [servers[killed % 2] ?? servers[0]!];
        await Promise.all(victims.map((victim) => victim.kill()));
        killed += victims.length;
        const left = both ? await unsettled(pool) : [];
        await Promise.all(victims.map((victim) => victim.start()));
        if (left.length > 0) waits.push(await settleTime(pool, left));
      }
    });
    await Promise.all(servers.map((server) => server.stop()));
    await settleTheRest(pool, logUrl);
    await judge(world, pool, logUrl);
    const worst = Math.round(Math.max(0, ...waits));
    if (settleWithinMs === undefined) return;
    const what = `what dead processes left is logged within ${settleWithinMs} ms`;
    world.expect(what, worst <= settleWithinMs, `${worst} ms`);
  } finally {
    await pool.end();
    await postgres.stop();
  }
}

async function unsettled(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id from revocast_outbox where settled_at is null');
  return rows.map(({ id }) => id);
}

/** What the servers have left when they stopped, a server logs that reports nothing itself. */
async function settleTheRest(pool: Pool, logUrl: string): Promise<void> {
  const lifecycle = await createLifecycle({ issuer, log: logUrl, store: postgresStore(pool) });
  try {
    await until(async () => (await unsettled(pool)).length === 0, { what: 'every row to be settled' });
  } finally {
    await lifecycle.close();
  }
}

/** Milliseconds until rows that were left by dead processes are settled, from the moment in which a process is back. */
async function settleTime(pool: Pool, ids: readonly string[]): Promise<number> {
  const startedAtMs = performance.now();
  const isSettled = async () => {
    const { rows } = await pool.query<{ count: string }>(
      'select count(*) from revocast_outbox where settled_at is null and id = any($1)',
      [ids],
    );
    return Number(rows[0]?.count) === 0;
  };
  await until(isSettled, { what: 'the rows of the dead processes to be settled', everyMs: 10 });
  return performance.now() - startedAtMs;
}

async function judge(world: World, pool: Pool, logUrl: string): Promise<void> {
  const { endedSessions, openSessions, changedAccounts, unchangedAccounts } = await readTruth(pool);
  const isLogged = await readLogged(logUrl);
  const { rows } = await pool.query<{ id: string }>('select id from noted_first');
  // Noted before they were deleted: a crash between leaves a session whose tokens are dead, never the other way round.
  const notedFirst = new Set(rows.map(({ id }) => id));
  const lost = [
    ...endedSessions.filter((id) => !isLogged('session', id)),
    ...changedAccounts.filter((id) => !isLogged('subject', id)),
  ];
  const invented = [
    ...openSessions.filter((id) => !notedFirst.has(id) && isLogged('session', id)),
    ...unchangedAccounts.filter((id) => isLogged('subject', id)),
  ];
  const events = endedSessions.length + changedAccounts.length;
  world.expect('the servers did what they are there for', events > 20, `${events} events`);
  world.expect('no event is lost', lost.length === 0, list(lost));
  world.expect('no event is invented', invented.length === 0, list(invented));
}

function list(values: readonly string[]): string {
  return `${values.length}: ${values.slice(0, 10).join(', ')}`;
}
