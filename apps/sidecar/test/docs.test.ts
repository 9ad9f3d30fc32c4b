import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { staleCauses } from '@revocast/denylist/replica';
import { parse as parseYaml } from 'yaml';
import type { Option } from '../src/config/option-table.ts';
import { options } from '../src/config/options.ts';
import { resolveConfig } from '../src/config/resolve.ts';
import { adminRoutes } from '../src/listeners/admin-listener.ts';

const text = readFileSync(new URL('../../../docs/sidecar.md', import.meta.url), 'utf8');

/** The expected row of an option. */
function rowOf({ name, defaultValue, bounds, required, description }: Option): string {
  const value = defaultValue === undefined ? '' : Array.isArray(defaultValue) ? 'none' : `\`${String(defaultValue)}\``;
  return `| \`${name}\` | ${required ? 'required' : value} | ${bounds.replaceAll('|', 'or')} | ${description.replaceAll('|', '\\|')} |`;
}

/** The fenced code blocks of a language. */
function blocks(language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , body = '']) => body);
}

describe('docs/sidecar.md', () => {
  it('has exactly the options of the schema, with default, bounds and meaning', () => {
    const table = text.slice(text.indexOf('| option |')).split('\n\n', 1)[0] ?? '';
    expect(table.split('\n').slice(2)).toEqual(options.map(rowOf));
  });

  it('explains every cause of not being fresh, and every route', () => {
    for (const cause of staleCauses) expect(text).toContain(`| \`${cause}\` |`);
    for (const route of [
      ...adminRoutes,
      '/v1/snapshot',
      '/v1/events',
      '/v1/fresh',
      '/v1/acks',
      '/v1/usage',
      '/v1/enforcement',
      '/v1/revocations',
    ])
      expect(text).toContain(route);
  });

  it('contains no flag and no variable that does not exist', () => {
    const flags = ['--source', '--config', '--print-config', '--max', ...options.map(({ flag }) => flag)];
    for (const [flag] of text.matchAll(/--[a-z][a-z-]+/g)) expect(flags).toContain(flag);
    for (const [name] of blocks('yaml')
      .join('')
      .matchAll(/REVOCAST_\w+/g)) {
      expect(options.map(({ environment }) => environment)).toContain(name);
    }
  });

  it('contains only valid YAML, and a valid configuration', () => {
    const documents = blocks('yaml').map((block) => ({ block, document: parseYaml(block) }));
    expect(documents.length).toBeGreaterThan(2);
    const configs = documents.filter(({ document }) => 'sourceFile' in document);
    expect(configs).toHaveLength(1);
    for (const { block } of configs) {
      const readFile = (path: string) => (path === '/config.yaml' ? block : 'redis://redis:6379');
      expect(resolveConfig({ argv: [], environment: {}, configFile: '/config.yaml', readFile })).toMatchObject({
        ok: true,
      });
    }
  });
});
