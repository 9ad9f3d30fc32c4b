import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../scripts/require-build.mjs', import.meta.url));

it('refuses to pack a package before it is built, and says what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'revocast-pack-'));
  try {
    const exports = { '.': { 'revocast-source': './src/index.ts', default: './dist/index.js' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'p', exports }));
    const pack = () => spawnSync(process.execPath, [script], { cwd: folder, encoding: 'utf8' });
    const { status, stderr } = pack();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^p is not built: dist\/index.js does not exist.\nRun `npm run build`/),
    });
    mkdirSync(join(folder, 'dist'));
    writeFileSync(join(folder, 'dist', 'index.js'), '');
    expect(pack().status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
