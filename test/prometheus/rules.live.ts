import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { findPrometheus } from '@revocast/test-support/prometheus';
import { filesIn, root } from '../observability-files.ts';

jest.setTimeout(600_000);

let promtool: string;
beforeAll(async () => {
  ({ promtool } = await findPrometheus());
});

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: root, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('promtool', () => {
  it.each(['ops/prometheus/recording.yml', 'ops/prometheus/rules.yml'])('reads %s', (path) => {
    const { status, output } = run('check', 'rules', path);
    expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it.each(filesIn('ops/prometheus/tests'))('finds that alerts fire and are silent as %s says', (path) => {
    const { status, output } = run('test', 'rules', join(root, path));
    expect([status, output]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
