import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock as clock } from '@revocast/denylist/replica';
import { Schedule } from '../../http/load/schedule.ts';
import { countOf, lastAnswerMs, type Statuses, type Traffic, tally } from './traffic.ts';

/** Sends each text over a new connection. `stalls`: connections stay open, and nothing is read after the first bytes. */
export async function runSockets(traffic: Traffic, stalls: boolean): Promise<Statuses> {
  const { port, perSecond, amount, text } = traffic;
  const statuses: Record<number, number> = {};
  const open = new Set<Socket>();
  const start = (index: number) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(text(index), 'latin1'));
    open.add(socket);
    // `HTTP/1.1 200 OK`
    socket.once('data', (chunk) => tally(statuses, Number(chunk.toString('latin1', 9, 12))));
    if (stalls) socket.once('data', () => socket.pause());
    else socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
  };
  const startMs = clock.monotonicMs();
  const schedule = new Schedule({ startMs, perSecond, amount });
  for (let started = 0; !schedule.isOver; ) {
    while (schedule.takeDue(clock.monotonicMs()) !== undefined) start(started++);
    await sleep(1);
  }
  const endMs = clock.monotonicMs() + lastAnswerMs;
  const answered = () => countOf(statuses, () => true);
  while (!stalls && answered() < amount && clock.monotonicMs() < endMs) await sleep(10);
  for (const socket of open) socket.destroy();
  tally(statuses, 0, amount - answered());
  return statuses;
}
