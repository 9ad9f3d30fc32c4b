import { join } from 'node:path';
import Sequencer from '@jest/test-sequencer';
import { root } from './run.mjs';

/** Short files that take long. In a fresh clone jest has no times, and would start them last, when nothing runs beside them. */
export const slow = [
  'chaos/test/short-form.test.ts',
  'test/fuzz/fuzz.test.ts',
  'packages/denylist/test/model/catches.test.ts',
  'packages/denylist/test/traces/lost-history.test.ts',
  'packages/denylist/test/redis/restored-backup.test.ts',
  'test/observability-scrape.test.ts',
  'apps/demo/test/end-to-end/demo.test.ts',
  'packages/denylist/test/model/model.test.ts',
  'apps/cli/test/doctor/planted-faults.test.ts',
  'packages/middleware/test/mutation.test.ts',
  'packages/denylist/test/redis/wrong-log.test.ts',
  'packages/denylist/test/redis/idle-sidecar.test.ts',
  'packages/denylist/test/redis/sentinel.test.ts',
  'apps/sidecar/test/replication.test.ts',
  'packages/issuer/test/families/locked-rows.test.ts',
  'test-support/test/redis/redis-sentinel.test.ts',
  'test/acceptance/process-life.test.ts',
].map((path) => join(root, path));

/** As that of jest, but the slow files come first where there are no times of an earlier run. */
export default class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration != null)) return sorted;
    const isSlow = ({ path }) => slow.includes(path);
    return [...sorted.filter(isSlow), ...sorted.filter((test) => !isSlow(test))];
  }
}
