import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from '@revocast/test-support';
import type { Setting } from './contenders/contender.ts';
import { type Outcome, runLoad } from './load.ts';

export interface Round {
  readonly contender: string;
  readonly setting: Setting;
  readonly tokens: readonly string[];
  readonly amount: number;
  readonly connections: number;
  /** Requests sent before the clock starts, with the first tokens of the list. */
  readonly warmUp: number;
}

const processFile = fileURLToPath(new URL('./contender-process.js', import.meta.url));

/** One round of one contender in a fresh process. */
export async function measureRound(round: Round): Promise<Outcome> {
  const child = fork(processFile, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  dieWithParent(child);
  try {
    child.send({ name: round.contender, setting: round.setting });
    const [message] = await once(child, 'message');
    const port = portIn(message);
    const { tokens, warmUp, amount, connections } = round;
    if (warmUp > 0) await runLoad({ port, tokens: tokens.slice(0, warmUp), amount: warmUp, connections });
    return await runLoad({
      port,
      tokens: warmUp > 0 && tokens.length > warmUp ? tokens.slice(warmUp) : tokens,
      amount,
      connections,
    });
  } finally {
    child.kill('SIGKILL');
  }
}

function portIn(message: unknown): number {
  if (typeof message === 'object' && message !== null) {
    const { address, failed }: { address?: unknown; failed?: unknown } = message;
    if (failed !== undefined) throw new Error(String(failed));
    if (typeof address === 'object' && address !== null && 'port' in address) return Number(address.port);
  }
  throw new Error('the contender said nothing of use');
}
