import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type Reason, reasons, specOf } from '../src/errors.ts';
import { fixes } from '../src/explain/fixes.ts';
import type { Option } from '../src/options/option-table.ts';
import { profiles } from '../src/options/profiles.ts';
import { defaultFeed } from '../src/options/revocation-options.ts';
import { version } from '../src/version.ts';
import { documentedOptions } from './options/option-tables.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The end of a docstring, after the text of the row. */
function valuesOf({ unit, bounds, default: value }: Option<unknown>): string {
  if (value === undefined) return '';
  if (unit === undefined) return ` Default: ${value}.`;
  const words = unit === 'ms' ? 'milliseconds' : unit;
  return ` ${words[0]?.toUpperCase()}${words.slice(1)}, ${bounds}, default ${value}.`;
}

/** Rows of all tables whose first cell is a code, without its quotes. */
function tableRows(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.slice(2, -2).split(' | '))
    .map(([name = '', ...cells]) => [name.replaceAll('`', ''), ...cells]);
}

describe('docs/errors.md', () => {
  const rows = tableRows(read('docs/errors.md'));

  it('has every reason once, in order, and no other', () => {
    expect(rows.map(([reason]) => reason)).toEqual(reasons);
  });

  it('gives each the status and error that clients get, a meaning and a fix', () => {
    for (const [reason, status, error, meaning, fix] of rows) {
      const spec = specOf(reason as Reason);
      expect([reason, status, error]).toEqual([reason, String(spec.status), spec.error ?? '–']);
      expect([reason, meaning?.endsWith('.'), fix]).toEqual([reason, true, fixes[reason as Reason]]);
    }
  });
});

describe('docs/verification.md', () => {
  const rows = tableRows(read('docs/verification.md'));
  const row = (name: string) => rows.find(([option]) => option === name) ?? [];

  it('has every option once, and no other', () => {
    const expected = [...documentedOptions.keys(), ...Object.keys(profiles)];
    expect(rows.map(([name]) => name).sort()).toEqual(expected.sort());
  });

  it.each([...documentedOptions])(
    'agrees with the table and the docstring of %s',
    (name, { row: option, docstring }) => {
      const [, unit, defaultValue, bounds, text = ''] = row(name);
      expect({ unit, defaultValue, bounds }).toEqual({
        unit: option.unit ?? '–',
        defaultValue: String(option.default ?? '–'),
        bounds: option.bounds,
      });
      // A link shows its text.
      expect(docstring).toBe(text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1') + valuesOf(option));
    },
  );

  it('names the default feed', () => {
    expect(row('revocation.feed')[2]).toContain(defaultFeed);
  });

  it.each(Object.entries(profiles))('shows the claim map of %s', (name, { claimMap }) => {
    const { token, session, grant, subject, client, tenant } = claimMap;
    const shown = [token, session, grant, subject, client, tenant].map((claim) =>
      claim === null ? '–' : [claim].flat().join(', '),
    );
    expect(row(name).slice(1)).toEqual(shown);
  });
});

describe('the version', () => {
  it('is that of package.json', () => {
    expect(JSON.parse(read('packages/middleware/package.json')).version).toBe(version);
  });
});
