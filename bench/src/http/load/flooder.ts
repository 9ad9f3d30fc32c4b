import { startChild } from '../../child.ts';
import { numberIn, readSaid } from '../../said.ts';
import type { Burst } from './burst.ts';

export interface Flooder {
  /** Sends one request a connection, all at once. */
  burst(tokens: readonly string[]): Promise<Burst>;
  end(): void;
}

export async function startFlooder(port: number, count: number): Promise<Flooder> {
  const child = startChild(new URL('./burst-process.js', import.meta.url));
  await child.ask({ port, count });
  return {
    async burst(tokens) {
      const said = await child.ask({ tokens });
      const statuses = Object.fromEntries(
        Object.entries(readSaid(said['statuses'])).map(([status, count]) => [status, Number(count)]),
      );
      return { fromMs: numberIn(said, 'fromMs'), toMs: numberIn(said, 'toMs'), statuses };
    },
    end: child.end,
  };
}
