import { describe, expect, it } from '@jest/globals';
import { exists, parseYaml, rootManifest, textOf } from './repository-files.ts';

const text = textOf('CONTRIBUTING.md');
const scripts = Object.keys(rootManifest.scripts ?? {});
const table = text.split('\n').filter((line) => line.startsWith('| '));
const firstMinutes = (line: string | undefined): number => Number(/(\d+) minutes/.exec(line ?? '')?.[1]);

describe('CONTRIBUTING.md', () => {
  it('names every npm script, and no other', () => {
    const named = [...text.matchAll(/npm (?:run )?(test|(?<=run )[\w:]+)(?![\w:])/g)].map(([, name]) => name ?? '');
    // Every command builds what it needs.
    const expected = scripts.filter((name) => name !== 'build');
    expect([...new Set(named)].sort()).toEqual(expected.sort());
  });

  it('names only script files that exist', () => {
    const files = [...text.matchAll(/\bscripts\/[\w-]+\.mjs/g)].map(([path]) => path);
    expect(files.filter((path) => !exists(path))).toEqual([]);
  });

  it('names in its tables only paths that exist', () => {
    const paths = table.flatMap(
      (line) => /^\| (?:`|\[)([\w./-]+\/[\w./-]*|ops|chaos|bench)(?:`|\])/.exec(line)?.[1] ?? [],
    );
    expect(paths.length).toBeGreaterThan(6);
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it('says the same time for the bench as docs/performance.md', () => {
    const ours = firstMinutes(table.find((line) => line.includes('`npm run bench`')));
    const whole = textOf('docs/performance.md')
      .split('\n')
      .find((line) => line.includes('npm run bench') && /\d+ minutes/.test(line) && !line.includes('--quick'));
    expect(ours).toBe(firstMinutes(whole));
    expect(ours).toBeGreaterThan(0);
  });

  it('has a row for each configuration of the debugger', () => {
    const { configurations } = JSON.parse(textOf('.vscode/launch.json')) as { configurations: { name: string }[] };
    const names = configurations.map(({ name }) => name);
    expect(names.filter((name) => !table.some((line) => line.startsWith(`| ${name} |`)))).toEqual([]);
  });

  it('says the versions of Node that CI runs on, and that the workflows are not executed here', () => {
    const ci = parseYaml('.github/workflows/ci.yml') as {
      jobs: { ci: { strategy: { matrix: { node: string[] } } } };
    };
    const lines = ci.jobs.ci.strategy.matrix.node;
    expect(text).toContain(`on Node ${lines.slice(0, -1).join(', ')} and ${lines.at(-1)}`);
    expect(text).toContain('The workflows are not executed where this is built.');
  });
});
