import { setTimeout as sleep } from 'node:timers/promises';
import { isNoAnswer, type OpenedSource } from '@revocast/denylist/replica';
import type { Config } from '../config/schema.ts';
import { codeOf } from '../telemetry/log-state-changes.ts';
import { withSource } from './with-source.ts';

const outcomes = {
  created: 'created a log and declared it whole',
  healed: 'declared the log whole: nothing was lost',
  whole: 'nothing to do: the log is whole',
};

/** Redis is often started at the same time, so an unreachable Redis is tried again. */
const tries = 20;
const pauseMs = 500;

/**
 * Declares a first log whole. Otherwise a new log is in recovery for 15 s, because a program cannot distinguish a new log
 * from a lost one: only the operator can state that nothing was revoked before. It also ends the restart of a log.
 *
 * @returns the exit code: 0 done, 1 rejected or unreachable for about ten seconds, 2 not a log that needs this command.
 */
export async function init({ source }: Config): Promise<number> {
  return await withSource(source, declare);
}

async function declare(source: OpenedSource): Promise<number> {
  if (source.declareWhole === undefined) {
    process.stderr.write(`source: only a log in Redis or a file is declared whole; ${source.name} needs no init\n`);
    return 2;
  }
  for (let attempt = 1; ; attempt++) {
    try {
      process.stdout.write(`${source.name}: ${outcomes[await source.declareWhole()]}\n`);
      return 0;
    } catch (error) {
      if (attempt === tries || !isNoAnswer(codeOf(error))) throw error;
      if (attempt === 1)
        process.stderr.write(`${source.name}: no answer yet (${codeOf(error)}), trying for ten seconds\n`);
      await sleep(pauseMs);
    }
  }
}
