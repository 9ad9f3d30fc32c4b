import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));

const folders = ['.', 'test-support', 'chaos', 'bench', ...['packages', 'apps'].flatMap(workspacesIn)];
const commands = folders.flatMap((folder) => {
  const { scripts = {} } = JSON.parse(readFileSync(`${root}/${folder}/package.json`, 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return Object.entries(scripts).map(
    ([name, command]) => [`${folder}/package.json: ${name}`, folder, command] as const,
  );
});

function workspacesIn(parent: string): string[] {
  return readdirSync(`${root}/${parent}`).map((name) => `${parent}/${name}`);
}

describe('every npm script', () => {
  it.each(commands)(
    '%s starts a module with Node, in words that every shell reads alike',
    (_title, folder, command) => {
      const match = /^node ((?:\.\.\/\.\.\/)?scripts\/[\w./-]+\.mjs)((?: [\w=:./-]+)*)$/.exec(command);
      expect(match).not.toBeNull();
      expect(existsSync(`${root}/${folder}/${match?.[1]}`)).toBe(true);
    },
  );
});
