import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { metricPrefix } from '@revocast/denylist/replica';
import { type DocumentedMetric, readText, root, specs } from './observability-files.ts';

const text = readText('docs/metrics.md');
const rows = text
  .split('\n')
  .filter((line) => line.startsWith(`| \`${metricPrefix}`))
  .map((line) => line.slice(2, -2).split(' | '));

/** The columns of a row that the metric table decides. */
function columnsOf({ name, type, unit, components, labels, help }: DocumentedMetric): string[] {
  const described = Object.entries(labels).map(([label, values]) =>
    values === undefined ? `\`${label}\` …` : `\`${label}\` ${values.join(' · ')}`,
  );
  return [
    `\`${metricPrefix}${name}\``,
    `${type}, ${unit}`,
    components.join(', '),
    described.join('<br>') || 'none',
    help,
  ];
}

describe('docs/metrics.md', () => {
  it.each(specs.map((spec) => [spec.name, spec] as const))('says of %s what the table says', (_name, spec) => {
    const [name] = columnsOf(spec);
    expect(rows.find(([cell]) => cell === name)?.slice(0, 5)).toEqual(columnsOf(spec));
  });

  it('has no metric that the table does not have', () => {
    expect(rows.map(([name]) => name).sort()).toEqual(specs.map(({ name }) => `\`${metricPrefix}${name}\``).sort());
  });

  it('says of each what to look at', () => {
    expect(rows.filter(([, , , , , look]) => look === undefined || look.length < 20)).toEqual([]);
  });
});

it.each(['docs/metrics.md', 'docs/opentelemetry.md', 'docs/usage.md'])('%s links to files that exist', (path) => {
  const links = [...readText(path).matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link ?? '');
  expect(links.filter((link) => !existsSync(join(root, dirname(path), link)))).toEqual([]);
});
