import { systemClock as clock } from '@revocast/denylist/replica';
import { ascending, quantile } from '../../report/statistics.ts';
import { OpenLoop, type Sample } from './open-loop.ts';
import type { RawConnection } from './raw-connection.ts';
import { Schedule } from './schedule.ts';

export interface OpenLoad {
  readonly connections: readonly RawConnection[];
  readonly tokens: readonly string[];
  readonly perSecond: number;
  readonly amount: number;
  /** Take every answer as one; default: 200 alone. */
  readonly anyStatus?: boolean;
}

export interface OpenOutcome {
  readonly samples: readonly Sample[];
  /** p99 of how late the generator noticed that a request was due: latencies below it mean nothing. */
  readonly generatorLateP99Ms: number;
}

/**
 * Runs an open loop against real connections. Turns without ever waiting, because a timer is a millisecond wide and a
 * request costs a tenth of it: the generator wants a core of its own.
 *
 * @throws when anything but 200 comes, unless any status will do.
 */
export async function runOpenLoop(load: OpenLoad): Promise<OpenOutcome> {
  const { connections, tokens, perSecond, amount, anyStatus = false } = load;
  let next = 0;
  const loop = new OpenLoop<RawConnection>({
    schedule: new Schedule({ startMs: clock.monotonicMs(), perSecond, amount }),
    connections,
    send(connection) {
      connection.send(tokens[next % tokens.length] ?? '');
      next += 1;
    },
  });
  await new Promise<void>((resolve, reject) => {
    for (const connection of connections) {
      connection.onFailure = reject;
      connection.onAnswer = (status) => {
        if (status === 200 || anyStatus) loop.answered(connection, clock.monotonicMs());
        else reject(new Error(`expected 200, found ${status}`));
      };
    }
    const turn = () => {
      loop.turn(clock.monotonicMs());
      if (loop.isOver) resolve();
      else setImmediate(turn);
    };
    turn();
  });
  return { samples: loop.samples, generatorLateP99Ms: quantile(ascending(loop.noticedLateMs), 0.99) };
}
