import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { program, runProgram, type SidecarProcess, startSidecarProcess } from './sidecar-process.ts';

const text = readFileSync(program, 'utf8');
let sidecar: SidecarProcess | undefined;
afterEach(async () => await sidecar?.process.stop());

describe('the program of a sidecar in one file', () => {
  it('contains ASCII only: one other character makes Node hold the whole text in twice the memory', () => {
    const other = [...text.matchAll(/[^\0-\x7f].{0,40}/g)].map(([found]) => found);
    expect(other).toEqual([]);
  });

  it('loads no module but those of Node', () => {
    const loaded = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name.replace(/^node:/, ''));
    const { builtinModules } = process.getBuiltinModule('node:module');
    expect(new Set(loaded.filter((name) => !builtinModules.includes(name)))).toEqual(new Set());
    expect(loaded).toContain('http');
  });

  it('has the licence of each package that it contains beside it', () => {
    const licences = readFileSync(join(dirname(program), 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['ioredis', 'ws', 'yaml', '@ioredis/commands']) expect(licences).toContain(`\n${name} `);
  });

  it('states the version of its package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await runProgram(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('serves probes, metrics and the console, and reads a file in YAML', async () => {
    const config = new URL('fixtures/memory.yaml', import.meta.url).pathname;
    const running = await startSidecarProcess([`--config=${config}`]);
    sidecar = running;
    const get = async (url: string) => {
      const response = await fetch(url);
      return { status: response.status, body: await response.text() };
    };
    await until(async () => (await get(`${running.adminUrl}/readyz`)).status === 200, { what: 'a ready sidecar' });
    expect((await get(`${running.adminUrl}/metrics`)).body).toContain('revocast_denylist_rules 0');
    expect((await get(`${running.dataUrl}/console`)).body).toContain('Revocast sidecar');
    for (const file of ['page.css', 'page.js', 'explain-token.js']) {
      expect(await get(`${running.dataUrl}/console/${file}`)).toMatchObject({ status: 200 });
    }
  });

  it('does not load what a sidecar without TLS and without a relay never uses', async () => {
    const preload = new URL('fixtures/print-loaded.cjs', import.meta.url).pathname;
    const running = await startSidecarProcess(['--source=memory:'], { NODE_OPTIONS: `--require=${preload}` });
    sidecar = running;
    await until(() => running.log().some(({ loaded }) => loaded !== undefined), { what: 'the loaded modules' });
    const loaded = running.log().flatMap(({ loaded }) => (Array.isArray(loaded) ? loaded : []));
    expect(loaded).toContain('NativeModule http');
    const unused = ['https', 'tls', 'http2', 'repl', 'internal/deps/undici/undici'];
    expect(unused.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
  });
});
