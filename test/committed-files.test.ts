import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// New files count before they are added: a path that slips in is seen in the run that precedes the commit.
const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const files = stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));

/** Folders of checkouts and homes. The home of the `node` user belongs to the container image. */
const machinePath = /(?<![\w.~-])(?:\/(?:work|root)\/|\/(?:home|Users)\/(?!node\b)|\/tmp\/|[A-Z]:\\Users\\)[\w.-]+/;

function linesWith(path: string, isFound: (line: string) => boolean): string[] {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  return lines.flatMap((line, index) => (isFound(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : []));
}

describe('committed files', () => {
  it('are found', () => {
    expect(files).toContain('package.json');
  });

  it('name no folder of the machine that they were written on', () => {
    const here = [root, homedir(), join(dirname(homedir()), userInfo().username)].filter((path) => path.length > 6);
    const isFound = (line: string) => machinePath.test(line) || here.some((path) => line.includes(path));
    // This file describes what it looks for.
    const found = files
      .filter((path) => path !== 'test/committed-files.test.ts')
      .flatMap((path) => linesWith(path, isFound));
    expect(found).toEqual([]);
  });

  it('name no registry: package-lock.json is the same wherever it was written', () => {
    const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const { packages } = lock as { packages: Record<string, { resolved?: string; link?: boolean }> };
    const addresses = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && !link);
    expect(addresses.map(([path]) => path)).toEqual([]);
    const npmrc = readFileSync(join(root, '.npmrc'), 'utf8').split('\n');
    expect(npmrc).toContain('omit-lockfile-registry-resolved=true');
    expect(npmrc.filter((line) => /registry *=|_auth|\/\//.test(line))).toEqual([]);
  });

  it('are not ignored', () => {
    const { stdout: ignored } = spawnSync('git', ['ls-files', '--cached', '--ignored', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(ignored).toBe('');
    expect(files).toContain('.vscode/launch.json');
  });

  it('carry one licence, at the top and in every package that is published', () => {
    const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
    const published = files
      .filter((path) => /^(packages|apps)\/[^/]+\/package\.json$/.test(path))
      .filter((path) => {
        const manifest: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'));
        return !(manifest as { private?: boolean }).private;
      });
    for (const path of published) expect(readFileSync(join(root, dirname(path), 'LICENSE'), 'utf8')).toBe(licence);
    expect(published.length).toBeGreaterThanOrEqual(3);
  });
});
