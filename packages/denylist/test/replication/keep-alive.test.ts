import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../../dist');

/** A script that has nothing else to live for. */
function run(script: string) {
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: dist,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stdout: stdout.trim() };
}

describe('given a process with nothing else to do', () => {
  it('lives until the waiting for enforcement has an answer', () => {
    const script = `
      import { createPublisher } from './index.js';
      const publisher = await createPublisher('memory:');
      const revocation = await publisher.revoke({ issuer: 'https://i/', session: 's', reason: 'logout' });
      console.log((await revocation.enforcedEverywhere({ timeoutMs: 50 })).everywhere);`;
    expect(run(script)).toEqual({ status: 0, stdout: 'false' });
  });

  it('lives until the waiting for a fresh replica has an answer', () => {
    const script = `
      import { openFeed, openReplica, systemClock as clock, systemRandom as random } from './replica.js';
      const feed = await openFeed('http://127.0.0.1:9', { clock, random });
      console.log(await openReplica({ feed, clock, random }).ready({ timeoutMs: 50 }));`;
    expect(run(script)).toEqual({ status: 0, stdout: 'false' });
  });

  it('ends by itself while a replica goes on following', () => {
    const script = `
      import { createPublisher } from './index.js';
      import { openReplica, systemClock as clock, systemRandom as random } from './replica.js';
      const { feed } = await createPublisher('memory:');
      openReplica({ feed, clock, random });`;
    expect(run(script)).toEqual({ status: 0, stdout: '' });
  });
});
