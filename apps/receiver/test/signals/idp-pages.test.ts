import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { resolveReceiver } from '../../src/program.ts';

const folder = new URL('../../../../docs/idp/', import.meta.url);
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));

function configurationsOf(page: string): readonly string[] {
  const text = readFileSync(new URL(page, folder), 'utf8');
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, yaml = '']) => yaml);
}

describe.each(pages)('docs/idp/%s', (page) => {
  it('has a configuration of the receiver', () => {
    expect(configurationsOf(page)).not.toHaveLength(0);
  });

  it.each(configurationsOf(page).map((yaml, index) => [index + 1, yaml] as const))(
    'configuration %d is valid',
    (_number, yaml) => {
      const resolved = resolveReceiver({
        argv: [],
        environment: {},
        configFile: '/receiver.yaml',
        readFile: () => yaml,
      });
      expect(resolved).toMatchObject({ ok: true });
    },
  );
});
