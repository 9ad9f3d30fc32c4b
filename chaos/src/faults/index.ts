import type { Fault } from '../fault.ts';
import { issuer } from './issuer/issuer.ts';
import { badLinks } from './links/bad-links.ts';
import { frames } from './links/frames.ts';
import { halfOpen } from './links/half-open.ts';
import { oldHeartbeats } from './links/old-heartbeats.ts';
import { slow } from './links/slow.ts';
import { disk } from './log/disk.ts';
import { emptied } from './log/emptied.ts';
import { failover } from './log/failover.ts';
import { forgottenPast } from './log/forgotten-past.ts';
import { groups } from './log/groups.ts';
import { lifts } from './log/lifts.ts';
import { manyRules } from './log/many-rules.ts';
import { partition } from './log/partition.ts';
import { plannedFailover } from './log/planned-failover.ts';
import { redisClock } from './log/redis-clock.ts';
import { redisDown } from './log/redis-down.ts';
import { refused } from './log/refused.ts';
import { restoredBackup } from './log/restored-backup.ts';
import { shortAndLong } from './log/short-and-long.ts';
import { wrongLog } from './log/wrong-log.ts';
import { capacity } from './processes/capacity.ts';
import { clocks } from './processes/clocks.ts';
import { deployStorm } from './processes/deploy-storm.ts';
import { outOfMemory } from './processes/out-of-memory.ts';
import { pidNamespaces } from './processes/pid-namespaces.ts';
import { readers } from './processes/readers.ts';
import { restarts } from './processes/restarts.ts';
import { resumes } from './processes/resumes.ts';
import { sidecarKilled } from './processes/sidecar-killed.ts';
import { streams } from './processes/streams.ts';

/** Every fault of the suite, in the order of the failure table. */
export const faults: readonly Fault[] = [
  ...sidecarKilled,
  ...outOfMemory,
  ...pidNamespaces,
  ...redisDown,
  ...halfOpen,
  ...emptied,
  ...failover,
  ...lifts,
  ...oldHeartbeats,
  ...forgottenPast,
  ...manyRules,
  ...refused,
  ...slow,
  ...restarts,
  ...resumes,
  ...streams,
  ...shortAndLong,
  ...clocks,
  ...redisClock,
  ...restoredBackup,
  ...wrongLog,
  ...disk,
  ...capacity,
  ...plannedFailover,
  ...groups,
  ...deployStorm,
  ...partition,
  ...badLinks,
  ...frames,
  ...readers,
  ...issuer,
];
