import type { Clock } from '../../clock.ts';
import { ConfigurationError } from '../../configuration-error.ts';
import type { OpenedSource } from '../../log/opened-source.ts';
import type { Misconfiguration } from '../../log/source-health.ts';
import { defaultMaxTokenLifetimeSeconds } from '../../rules/rule.ts';
import type { FileSource } from '../../sources/source.ts';
import type { RuleTable } from '../../table/rule-table.ts';
import { EmbeddedLog } from '../memory/embedded-log.ts';
import { emptyState } from '../memory/log-state.ts';
import { codeOf, type Disk, systemDisk } from './disk.ts';
import { openFileStore } from './file-store.ts';
import { type DecodedFile, decodeFile } from './frames.ts';
import { type FileLock, lockFile } from './lock.ts';
import type { ProcessPlace } from './lock-holder.ts';

/** As in Redis: time for the sidecars that hold more rules to write them back. */
export const healingMs = 15_000;
/** No rule is removed after wall clock and monotonic clock have moved apart by more than this. */
const agreementMs = 60_000;

interface FileLogPorts {
  readonly clock: Clock;
  readonly newEpoch: () => string;
  readonly disk?: Disk;
  readonly compactAtBytes?: number;
  /** For tests: where this process seems to run. */
  readonly place?: ProcessPlace;
}

/**
 * The log of one node in a file: every entry is on stable storage before it is acknowledged. A file that was closed in
 * order is complete. Any other file that can be read (none, cut, not closed, a copy) starts with healing. A file that
 * cannot be read is refused.
 *
 * @throws ConfigurationError for a file that is refused, locked or not writable.
 */
export async function openFileSource(source: FileSource, ports: FileLogPorts): Promise<OpenedSource> {
  const lock = await lockFile(source.path, ports);
  try {
    return await openLocked(source, ports, lock);
  } catch (error) {
    await lock.release();
    if (error instanceof ConfigurationError) throw error;
    const code = codeOf(error);
    if (code === 'ELOOP') {
      throw new ConfigurationError('source', 'expected the log file itself, found a symbolic link: name its target');
    }
    throw new ConfigurationError('source', `the log file cannot be opened (${code})`);
  }
}

async function openLocked(
  { name, path }: FileSource,
  { clock, newEpoch, disk = systemDisk, compactAtBytes }: FileLogPorts,
  lock: FileLock,
): Promise<OpenedSource> {
  for (const left of lock.leftPaths) await disk.remove(left);
  const found = await disk.read(path);
  const held = found && decodeFile(found.bytes);
  if (typeof held === 'string') throw new ConfigurationError('source', `the log file ${held}`);
  const complaint = complain(held, found?.inode);
  const closed = complaint === undefined ? held?.closed : undefined;
  const state = held?.state ?? emptyState();
  const header = {
    // A new epoch whenever entries may be missing, so that an old position is not taken for one of this log.
    epoch: closed === undefined || held === undefined ? newEpoch() : held.header.epoch,
    maxTokenLifetimeSeconds: held?.header.maxTokenLifetimeSeconds ?? defaultMaxTokenLifetimeSeconds,
  };
  const removeEnded = endedRuleRemover(state.table, header.maxTokenLifetimeSeconds, clock);
  const store = await openFileStore({ path, disk, lock, header, state, removeEnded, compactAtBytes });
  const embedded = new EmbeddedLog({
    clock,
    ...header,
    name,
    store,
    state,
    healingMs: closed?.healingMs ?? healingMs,
    provenAtMs: () => lock.heldAtMs,
  });
  const { log, feed, lookUp } = embedded;
  const close = async () => {
    await log.close();
    await store.close(embedded.healingMs());
    await lock.release();
  };
  let closing: Promise<void> | undefined;
  return {
    kind: 'file',
    name,
    log,
    feed,
    lookUp,
    async declareWhole() {
      const outcome = embedded.declareWhole();
      return outcome === 'healed' && held === undefined ? 'created' : outcome;
    },
    async health() {
      const { broken, full } = store;
      const found = [
        complaint,
        full === undefined ? undefined : complaintOf('file_full', `the last write failed (${full})`),
        broken === undefined ? undefined : complainBroken(broken),
      ];
      return { misconfigurations: found.filter((one) => one !== undefined), unknown: [], figures: {} };
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** A function that removes the ended rules, unless the wall clock was set since the start: then it may be wrong. */
function endedRuleRemover(table: RuleTable, maxTokenLifetimeSeconds: number, clock: Clock): () => void {
  const offsetMs = () => clock.wallMs() - clock.monotonicMs();
  const offsetAtStart = offsetMs();
  return () => {
    if (Math.abs(offsetMs() - offsetAtStart) > agreementMs) return;
    const nowSeconds = Math.floor(clock.wallMs() / 1000);
    for (let segment = 0; segment < table.segmentCount; segment += 1) {
      table.sweep(segment, nowSeconds, maxTokenLifetimeSeconds);
    }
  };
}

/** Every misconfiguration of a log file that can still be used, by name. A test compares docs/redis.md with it. */
export const fileComplaints = {
  file_created: {
    severity: 'warning',
    remedy:
      'none at a first start (revocast-sidecar init creates a log without healing); if there was a log, restore its file',
  },
  file_not_closed: {
    severity: 'warning',
    remedy: 'none: the process was killed; the log is healing for 15 s',
  },
  file_torn: {
    severity: 'warning',
    remedy:
      'none if the process was killed during a write: the incomplete entry was not acknowledged; otherwise check the disk',
  },
  file_copied: {
    severity: 'warning',
    remedy: 'this is a copy of a log file, or an older one that was restored: repeat the revocations made since then',
  },
  file_full: {
    severity: 'warning',
    remedy: 'free space on the disk: nothing can be revoked until then; the next revocation ends this',
  },
  file_broken: {
    severity: 'unsafe',
    remedy: 'repair the disk and restart: nothing can be revoked until then',
  },
  file_taken_over: {
    severity: 'unsafe',
    remedy: 'stop this process: it stood still, and another process writes the log file now',
  },
} as const satisfies Readonly<Record<string, Pick<Misconfiguration, 'severity' | 'remedy'>>>;

function complaintOf(name: keyof typeof fileComplaints, found: string): Misconfiguration {
  return { name, found, ...fileComplaints[name] };
}

function complainBroken(reason: string): Misconfiguration {
  if (reason !== 'lock_lost') return complaintOf('file_broken', reason);
  return complaintOf('file_taken_over', 'another process has taken over the lock of the log file');
}

function complain(held: DecodedFile | undefined, inode: string | undefined): Misconfiguration | undefined {
  if (held === undefined) return complaintOf('file_created', 'there was no log file');
  if (held.header.inode !== inode) return complaintOf('file_copied', 'the log file is not the one that was written');
  if (held.tornBytes > 0) return complaintOf('file_torn', `the last ${held.tornBytes} bytes were not a whole entry`);
  if (held.closed === undefined) return complaintOf('file_not_closed', 'the log file was not closed in order');
  return undefined;
}
