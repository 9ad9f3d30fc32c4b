import type { Fault } from '../fault.ts';
import { badLinks } from './bad-links.ts';
import { capacity } from './capacity.ts';
import { clocks } from './clocks.ts';
import { deployStorm } from './deploy-storm.ts';
import { emptied } from './emptied.ts';
import { failover } from './failover.ts';
import { forgottenPast } from './forgotten-past.ts';
import { halfOpen } from './half-open.ts';
import { lifts } from './lifts.ts';
import { manyRules } from './many-rules.ts';
import { oldHeartbeats } from './old-heartbeats.ts';
import { partition } from './partition.ts';
import { plannedFailover } from './planned-failover.ts';
import { redisDown } from './redis-down.ts';
import { refused } from './refused.ts';
import { restarts } from './restarts.ts';
import { resumes } from './resumes.ts';
import { shortAndLong } from './short-and-long.ts';
import { sidecarKilled } from './sidecar-killed.ts';
import { slow } from './slow.ts';

/** Every fault of the suite, in the order of the failure table. */
export const faults: readonly Fault[] = [
  ...sidecarKilled,
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
  ...shortAndLong,
  ...clocks,
  ...capacity,
  ...plannedFailover,
  ...deployStorm,
  ...partition,
  ...badLinks,
];
