import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { jsonSchemaOf } from '@revocast/sidecar/service';
import { parse as parseYaml } from 'yaml';
import { receiverOptions } from '../src/config/receiver-options.ts';
import { sourceSpecs } from '../src/config/source-specs.ts';
import { resolveReceiver } from '../src/program.ts';
import { eventTable } from '../src/signals/events/event-table.ts';

const textOf = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const page = textOf('../../docs/receiver.md');

interface Row {
  readonly defaultValue: unknown;
  readonly bounds: string;
  readonly required: boolean;
  readonly description: string;
}

function cellsOf({ defaultValue, bounds, required, description }: Row): string {
  const value =
    defaultValue === undefined ? '' : typeof defaultValue === 'object' ? 'none' : `\`${String(defaultValue)}\``;
  return `${required ? 'required' : value} | ${bounds.replaceAll('|', 'or')} | ${description.replaceAll('|', '\\|')} |`;
}

function tableAfter(mark: string): string[] {
  return (page.slice(page.indexOf(mark)).split('\n\n', 1)[0] ?? '').split('\n').slice(3);
}

function rowsOfSources(): string[] {
  const kindsOf = new Map<string, string[]>();
  const rows = new Map<string, string>();
  for (const [kind, specs] of Object.entries(sourceSpecs)) {
    for (const [name, { kind: value, description, ...spec }] of Object.entries(specs)) {
      kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind]);
      const defaultValue: unknown = 'initial' in spec ? spec.initial : undefined;
      rows.set(name, cellsOf({ defaultValue, bounds: value.bounds, required: 'required' in spec, description }));
    }
  }
  return [...rows].map(([name, cells]) => {
    const kinds = kindsOf.get(name) ?? [];
    const isEvery = kinds.length === Object.keys(sourceSpecs).length;
    return `| \`${name}\` | ${isEvery ? 'all' : kinds.map((kind) => `\`${kind}\``).join(', ')} | ${cells}`;
  });
}

describe('docs/receiver.md', () => {
  it('has exactly the options of the receiver, with default, bounds and meaning', () => {
    const rows = receiverOptions.options.map((option) => `| \`${option.name}\` | ${cellsOf(option)}`);
    expect(tableAfter('<!-- options -->')).toEqual(rows);
  });

  it('says of each event what it does', () => {
    const rows = Object.entries(eventTable).map(([type, { kind, scope, reason, byDefault }]) => {
      const effect = { block: 'blocks', lift: 'lifts the block of', end: 'ends the tokens of' }[kind];
      const whom = scope === 'session' ? 'the session, else the subject' : 'the subject';
      const named = reason === 'initiator' ? 'by `initiating_entity`' : `\`${reason}\``;
      return `| \`${type}\` | ${byDefault} | ${effect} ${whom} | ${kind === 'lift' ? '' : named} |`;
    });
    expect(tableAfter('<!-- events -->')).toEqual(rows);
  });

  it('has exactly the options of a source', () => {
    expect(tableAfter('<!-- sources -->')).toEqual(rowsOfSources());
  });
});

it.each(['../../docs/receiver.md', 'README.md'])('the configurations in %s are valid', (path) => {
  const blocks = [...textOf(path).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const configurations = blocks.filter((block) => Object.hasOwn(Object(parseYaml(block)), 'sources'));
  expect(configurations).toHaveLength(1);
  for (const text of configurations) {
    const resolved = resolveReceiver({ argv: [], environment: {}, configFile: '/r.yaml', readFile: () => text });
    expect(resolved).toMatchObject({ ok: true });
  }
});

it('publishes the JSON schema of the configuration file', () => {
  const shipped: unknown = JSON.parse(textOf('config.schema.json'));
  expect(shipped).toEqual(JSON.parse(JSON.stringify(jsonSchemaOf(receiverOptions))));
});
