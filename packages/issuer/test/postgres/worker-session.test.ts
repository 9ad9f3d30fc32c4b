import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { systemClock } from '@revocast/denylist/replica';
import { WorkerSession } from '../../src/postgres/worker-session.ts';

it('wakes the worker of every lifecycle that shares the store', async () => {
  const client = Object.assign(new EventEmitter(), { query: async () => ({ rows: [] }), release: () => {} });
  const pool = { query: client.query, connect: async () => client };
  const session = new WorkerSession({ pool, clock: systemClock, listens: true, timeoutMs: 1000 });
  const woken: string[] = [];
  session.onNotification(() => woken.push('first'));
  session.onNotification(() => woken.push('second'));
  await session.with(async (query) => await query('select 1'));
  client.emit('notification');
  expect(woken).toEqual(['first', 'second']);
  session.close();
});
