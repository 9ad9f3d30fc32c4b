import type { Clock } from '../../clock.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import type { OpenedSource } from '../../log/opened-source.ts';
import type { Misconfiguration } from '../../log/source-health.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../rules/rule.ts';
import type { FileSource } from '../../sources/source.ts';
import { createEmbeddedLog } from '../memory/embedded-log.ts';
import { emptyState } from '../memory/log-state.ts';
import { codeOf, type Disk, systemDisk } from './disk.ts';
import { openFileStore } from './file-store.ts';
import { type DecodedFile, decodeFile } from './frames.ts';
import { lockFile } from './lock.ts';

/** As in Redis: time for whoever holds more to give it back. */
export const healingMs = 15_000;
/** A wall clock that moved against the monotonic one by more than this ends no rule. */
const agreementMs = 60_000;

export interface FileLogPorts {
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly disk?: Disk;
  readonly compactAtBytes?: number;
}

/**
 * The log of one node in a file: every entry is on stable storage before it is acknowledged. A file that was closed in
 * order is trusted; anything else that can be read (no file, a torn or unclosed one, a copy) begins healing; what cannot
 * be read is refused.
 *
 * @throws ConfigurationError for a file that is refused, locked or not writable.
 */
export async function openFileSource(source: FileSource, ports: FileLogPorts): Promise<OpenedSource> {
  const unlock = await lockFile(source.path);
  try {
    return await openLocked(source, ports, unlock);
  } catch (error) {
    await unlock();
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError('source', `the log file cannot be opened (${codeOf(error)})`);
  }
}

async function openLocked(
  { name, path }: FileSource,
  { clock, newEpoch, disk = systemDisk, compactAtBytes }: FileLogPorts,
  unlock: () => Promise<void>,
): Promise<OpenedSource> {
  const found = await disk.read(path);
  const held = found === undefined ? undefined : decodeFile(found.bytes);
  if (typeof held === 'string') throw new ConfigurationError('source', `the log file ${held}`);
  const complaint = complain(held, found?.inode);
  const closed = complaint === undefined ? held?.closed : undefined;
  const state = held?.state ?? emptyState();
  const header = {
    // Another history wherever entries of the old one may be missing, so that no position is taken for another.
    epoch: closed === undefined || held === undefined ? newEpoch() : held.header.epoch,
    maxTokenLifetimeSeconds: held?.header.maxTokenLifetimeSeconds ?? defaultMaxTokenLifetimeSeconds,
  };
  const offsetMs = () => clock.wallMs() - clock.monotonicMs();
  const offsetAtStart = offsetMs();
  const forget = () => {
    if (Math.abs(offsetMs() - offsetAtStart) > agreementMs) return;
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    for (let segment = 0; segment < state.table.segmentCount; segment += 1) {
      state.table.sweep(segment, nowSeconds, header.maxTokenLifetimeSeconds);
    }
  };
  const store = await openFileStore({
    path,
    disk,
    header,
    state,
    forget,
    compactAtBytes,
  });
  const { maxTokenLifetimeSeconds } = header;
  const embedded = createEmbeddedLog({
    clock,
    epoch: header.epoch,
    name,
    store,
    state,
    healingMs: closed?.healingMs ?? healingMs,
    maxTokenLifetimeSeconds,
  });
  let closing: Promise<void> | undefined;
  const closeOnce = async () => {
    await embedded.log.close();
    await store.close(embedded.healingMs());
    await unlock();
  };
  return {
    kind: 'file',
    name,
    log: embedded.log,
    feed: embedded.feed,
    lookUp: embedded.lookUp,
    async declareWhole() {
      const outcome = embedded.declareWhole();
      return outcome === 'healed' && held === undefined ? 'created' : outcome;
    },
    async health() {
      const { broken } = store;
      const misconfigurations = [
        ...(complaint === undefined ? [] : [complaint]),
        ...(broken === undefined ? [] : [{ ...fileComplaints.file_broken, name: 'file_broken', found: broken }]),
      ];
      return { misconfigurations, unknown: [], figures: {} };
    },
    close() {
      closing ??= closeOnce();
      return closing;
    },
  };
}

/** What may be wrong with a log file that can be used all the same. docs/redis.md has a row for each. */
export const fileComplaints = {
  file_created: {
    severity: 'warning',
    remedy: 'none for a first start (revocast-sidecar init makes one without healing); if there was a log, restore it',
  },
  file_not_closed: {
    severity: 'warning',
    remedy: 'none: the process was killed; the log heals for 15 s and is whole then',
  },
  file_torn: {
    severity: 'warning',
    remedy:
      'none if the process was killed while it wrote: what was cut had not been acknowledged; else check the disk',
  },
  file_copied: {
    severity: 'warning',
    remedy: 'this is a copy or an older file put back: revoke again what was revoked since it was made',
  },
  file_broken: {
    severity: 'unsafe',
    remedy: 'mend the disk and restart: nothing can be revoked until then',
  },
} as const satisfies Readonly<Record<string, Pick<Misconfiguration, 'severity' | 'remedy'>>>;

function complain(held: DecodedFile | undefined, inode: string | undefined): Misconfiguration | undefined {
  const say = (name: keyof typeof fileComplaints, what: string): Misconfiguration => ({
    name,
    found: what,
    ...fileComplaints[name],
  });
  if (held === undefined) return say('file_created', 'there was no log file');
  if (held.header.inode !== inode) return say('file_copied', 'the log file is not the one that was written');
  if (held.tornBytes > 0) return say('file_torn', `the last ${held.tornBytes} bytes were no whole entry`);
  if (held.closed === undefined) return say('file_not_closed', 'the log file was not closed in order');
  return undefined;
}
