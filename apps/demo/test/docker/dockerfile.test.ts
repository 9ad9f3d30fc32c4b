import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '@revocast/test-support';
import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { root } from './root.ts';

const run = promisify(execFile);

const text = readFileSync(join(root, 'docker/Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const instructions = text
  .split('\n')
  .map((line) => line.trim())
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [keyword = '', ...rest] = line.split(/\s+/);
    return { keyword, rest };
  });
const of = (keyword: string): string[][] =>
  instructions.filter((item) => item.keyword === keyword).map(({ rest }) => rest);
const stages = of('FROM').map(([base = '', , name = '']) => ({ base, name }));
const programs = ['sidecar', 'issuer', 'api'];
/** The bundle of the sidecar is CommonJS, as in its package. */
const fileOf = (program: string) => `${program}.${program === 'sidecar' ? 'cjs' : 'mjs'}`;

describe('the Dockerfile', () => {
  it('starts every stage from a pinned image or an earlier stage', () => {
    const earlier: string[] = [];
    for (const { base, name } of stages) {
      if (!earlier.includes(base)) expect(base).toMatch(/^node:\d+\.\d+\.\d+-/);
      earlier.push(name);
    }
    expect(earlier).toEqual(['build', 'runtime', ...programs]);
  });

  it('copies only existing files that the ignore file allows', () => {
    const ignore = readFileSync(join(root, 'docker/Dockerfile.dockerignore'), 'utf8').split('\n');
    const allowed = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const sources = of('COPY')
      .filter(([first = '']) => !first.startsWith('--from'))
      .flatMap((paths) => paths.slice(0, -1));
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      const isAllowed = allowed.some((path) => source === path || source.startsWith(`${path}/`));
      const found = { source, exists: existsSync(join(root, source)), isAllowed };
      expect(found).toEqual({ source, exists: true, isAllowed: true });
    }
  });

  it('copies the manifest of every workspace, which the lockfile requires', () => {
    const copied = of('COPY').flat();
    const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
    const folders = workspaces.flatMap((pattern) =>
      pattern.endsWith('/*')
        ? readdirSync(join(root, pattern.slice(0, -2))).map((name) => pattern.slice(0, -1) + name)
        : [pattern],
    );
    for (const folder of folders) {
      if (existsSync(join(root, folder, 'package.json'))) expect(copied).toContain(`${folder}/package.json`);
    }
  });

  it('never runs a program as root', () => {
    expect(of('USER')).toEqual([['1000:1000']]);
    expect(text.indexOf('USER')).toBeLessThan(text.indexOf('FROM runtime'));
  });

  it.each(programs)('starts the bundle of the %s from the first stage', (program) => {
    expect(text).toContain(`node docker/bundle.mjs ${program} /out/${fileOf(program)}`);
    expect(text).toContain(`COPY --from=build /out/${fileOf(program)} ./`);
    expect(text).toContain(`ENTRYPOINT ["node", "/app/${fileOf(program)}"]`);
  });
});

it('the image of the sidecar contains the page of the console, which the bundle reads at its start', () => {
  const stage = text.split('FROM runtime AS sidecar')[1]?.split('\nFROM ')[0] ?? '';
  expect(stage).toContain('COPY --from=build /out/console ./console/');
});

describe('the bundle', () => {
  let folder: string;
  let running: Supervised | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'revocast-bundle-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const bundle = async (program: string): Promise<string> => {
    const outfile = join(folder, fileOf(program));
    await run(process.execPath, [join(root, 'docker/bundle.mjs'), program, outfile]);
    return outfile;
  };
  const answersLivez = async (
    program: string,
    start: (port: number) => { args?: string[]; env?: Record<string, string> },
    whileRunning?: () => Promise<void>,
  ) => {
    const script = await bundle(program);
    const port = await freePort();
    try {
      running = await supervise({
        name: program,
        script,
        cwd: folder,
        ready: { url: `http://127.0.0.1:${port}/livez` },
        ...start(port),
      });
      await whileRunning?.();
      return (await fetch(`http://127.0.0.1:${port}/livez`)).status;
    } finally {
      await running?.stop();
    }
  };

  it('of the sidecar answers /livez', async () => {
    const start = (port: number) => ({
      args: [
        '--source',
        'memory:',
        '--data-listen',
        '127.0.0.1:0',
        '--admin-listen',
        `127.0.0.1:${port}`,
        '--drain-ms',
        '0',
      ],
    });
    expect(await answersLivez('sidecar', start)).toBe(200);
  }, 40_000);

  it('of the issuer answers /livez, and serves its metrics on the configured port', async () => {
    const metricsPort = await freePort();
    const start = (port: number) => ({
      env: {
        REVOCAST_DEMO_METRICS_PORT: String(metricsPort),
        REVOCAST_DEMO_ISSUER: `http://127.0.0.1:${port}`,
        REVOCAST_DEMO_PORT: String(port),
        REVOCAST_DEMO_OPERATOR_PORT: '0',
        REVOCAST_DEMO_AUDIENCE: 'https://api.example.com',
        REVOCAST_DEMO_KEYS: join(folder, 'keys'),
        REVOCAST_DEMO_LOG: 'redis://127.0.0.1:1',
      },
    });
    const readMetrics = async () => {
      const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
      expect(await metrics.text()).toContain('oauth2_token_active 0');
      // The metrics port has no routes of operators.
      expect((await fetch(`http://127.0.0.1:${metricsPort}/keys`, { method: 'POST' })).status).toBe(404);
    };
    expect(await answersLivez('issuer', start, readMetrics)).toBe(200);
  }, 40_000);

  it('of the API answers /livez', async () => {
    const start = (port: number) => ({
      env: {
        REVOCAST_DEMO_ISSUER: 'http://127.0.0.1:1',
        REVOCAST_DEMO_PORT: String(port),
        REVOCAST_DEMO_AUDIENCE: 'https://api.example.com',
        REVOCAST_FEED: 'http://127.0.0.1:1',
      },
    });
    expect(await answersLivez('api', start)).toBe(200);
  }, 40_000);
});
