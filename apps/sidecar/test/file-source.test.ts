import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { init } from '../src/commands/init.ts';
import { parseConfig } from '../src/config/check-config.ts';
import { type RunningSidecar, startSidecar } from '../src/start-sidecar.ts';
import { openLog } from '../src/telemetry/log.ts';

describe('given a sidecar with a file as its source', () => {
  let dir: string;
  let source: string;
  const running: RunningSidecar[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'revocast-sidecar-file-'));
    source = `file:${join(dir, 'log')}`;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((sidecar) => sidecar.stop()));
    await rm(dir, { recursive: true, force: true });
  });

  const start = async () => {
    const input = { source, dataListen: '127.0.0.1:0', adminListen: '127.0.0.1:0', drainMs: 0 };
    const sidecar = await startSidecar(input, { log: openLog({ level: 'silent' }) });
    running.push(sidecar);
    return sidecar;
  };
  const readiness = async ({ adminUrl }: RunningSidecar) => {
    const response = await fetch(`${adminUrl}/readyz`);
    const body: unknown = await response.json();
    const { misconfigurations }: { misconfigurations?: unknown } =
      typeof body === 'object' && body !== null ? body : {};
    return { status: response.status, body, misconfigurations };
  };

  it('is ready at once if the log was declared whole and closed in order', async () => {
    expect(await init(parseConfig({ source }))).toBe(0);
    const sidecar = await start();
    await until(async () => (await readiness(sidecar)).status === 200, { what: 'it to be ready' });
  });

  it('is in recovery first if there was no file, and reports it', async () => {
    const sidecar = await start();
    await until(async () => (await readiness(sidecar)).misconfigurations, { what: 'the first look' });
    expect(await readiness(sidecar)).toMatchObject({
      status: 503,
      body: { cause: expect.stringMatching(/cold|healing/), misconfigurations: ['file_created'] },
    });
  });

  it('locks the file: a second sidecar, or an init, is rejected', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ name: 'ConfigurationError', option: 'source' });
    expect(await init(parseConfig({ source }))).toBe(2);
  });
});
