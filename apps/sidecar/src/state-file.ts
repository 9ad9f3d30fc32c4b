import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import {
  type Clock,
  decodeRememberedLog,
  encodeRememberedLog,
  type LogMemory,
  maxRememberedLogLength,
  type RememberedLog,
} from '@revocast/denylist/replica';
import type { Logger } from 'pino';
import { codeOf } from './telemetry/log-state-changes.ts';

/**
 * Between two writes. What is remembered must not be more than ten seconds older than the log's last heartbeat, or it does not
 * show that the log continues it.
 */
export const writeMs = 2000;

type StateLog = Pick<Logger, 'warn'>;

/** Reads what an earlier run remembered. A file that is absent, damaged or too long counts as nothing. Never rejects. */
export async function readStateFile(path: string, log: StateLog): Promise<RememberedLog | undefined> {
  let text: string;
  try {
    text = await readBounded(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') log.warn({ code: codeOf(error) }, 'the state file cannot be read and is not used');
    return undefined;
  }
  const remembered = decodeRememberedLog(text);
  if (typeof remembered !== 'string') return remembered;
  log.warn({ reason: remembered }, 'the state file is damaged and is not used');
  return undefined;
}

interface StateFileOptions {
  readonly path: string;
  readonly memory: Pick<LogMemory, 'latest'>;
  readonly clock: Clock;
  readonly log: StateLog;
}

/** Keeps the state file equal to the memory. @returns a function that writes it a last time. */
export function keepStateFile({ path, memory, clock, log }: StateFileOptions): () => Promise<void> {
  const stop = new AbortController();
  let written: RememberedLog | undefined;
  let failed: string | undefined;
  const write = async () => {
    const { latest } = memory;
    if (latest === undefined || latest === written) return;
    try {
      await replaceFile(path, encodeRememberedLog(latest));
      written = latest;
      failed = undefined;
    } catch (error) {
      if (codeOf(error) !== failed) log.warn({ code: codeOf(error) }, 'the state file cannot be written');
      failed = codeOf(error);
    }
  };
  const run = async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(writeMs, stop.signal);
      await write();
    }
  };
  const running = run();
  return async () => {
    stop.abort();
    await running;
    await write();
  };
}

async function readBounded(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const buffer = Buffer.alloc(maxRememberedLogLength + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A crash leaves the old file or the new one. No other user may read it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  // A link in its place could choose which file is overwritten.
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
