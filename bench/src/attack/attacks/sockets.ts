import type { Attack } from '../attack.ts';
import { requestText } from '../request-text.ts';

const lastRequest = { Connection: 'close' };

/** Connections that stay open: requests without an end, and answers that nothing reads. */
export const sockets: readonly Attack[] = [
  attack('half-open requests, data', {
    ...{ target: 'data', perSecond: 100, goodPath: '/v1/fresh' },
    bad: (index) => (index % 2 === 0 ? unfinishedHead('/v1/fresh') : unfinishedBody()),
  }),
  attack('half-open requests, admin', {
    ...{ target: 'admin', perSecond: 100, goodPath: '/readyz' },
    bad: () => unfinishedHead('/readyz'),
  }),
  attack('stalled snapshot readers', {
    ...{ target: 'data', perSecond: 20, goodPath: '/v1/snapshot' },
    bad: () => requestText({ path: '/v1/snapshot' }),
  }),
  attack('open console pages', {
    ...{ target: 'data', perSecond: 20, goodPath: '/console' },
    bad: () => requestText({ path: '/console/events' }),
  }),
];

interface SocketAttack extends Pick<Attack, 'target' | 'perSecond'> {
  readonly goodPath: string;
  bad(index: number): string;
}

function attack(name: string, { goodPath, bad, ...rest }: SocketAttack): Attack {
  return {
    ...{ name, area: 'sockets', way: 'stalled', ...rest },
    bad: (_context, index) => bad(index),
    good: () => requestText({ path: goodPath, headers: lastRequest }),
  };
}

function unfinishedHead(path: string): string {
  return requestText({ path }).slice(0, -2);
}

function unfinishedBody(): string {
  const whole = requestText({ method: 'POST', path: '/v1/acks', body: '{'.padEnd(60_000) });
  return whole.slice(0, whole.indexOf('{') + 1);
}
