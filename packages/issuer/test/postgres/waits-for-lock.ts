import { until } from '@revocast/test-support';
import type pg from 'pg';

/** Resolves when some session waits for the lock of a family that is being opened. */
export async function waitsForLock(pool: pg.Pool): Promise<void> {
  const isWaiting = async () => {
    const { rows } = await pool.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
    return rows.length > 0;
  };
  await until(isWaiting, { what: 'a session that waits for a lock', everyMs: 1 });
}
