import { readFileSync } from 'node:fs';
import { clientCertificateTable, dpopTable } from '../../src/options/binding-options.ts';
import { issuerResolverTable, issuerTable } from '../../src/options/issuer-options.ts';
import { keySetTable } from '../../src/options/key-set-options.ts';
import type { Option, OptionTable } from '../../src/options/option-table.ts';
import { logRefusalsTable, tokenCacheTable, verifierTable, watchTable } from '../../src/options/options.ts';
import { revocationTable } from '../../src/options/revocation-options.ts';
import { metricsTable, openTelemetryTable } from '../../src/options/telemetry-options.ts';
import { usageTable } from '../../src/options/usage-options.ts';

interface NumberRow extends Option<number | undefined> {
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

/** Every table of options: the prefix of its names, its file, its name in the file, and the table. */
const tables: readonly (readonly [prefix: string, file: string, name: string, table: OptionTable])[] = [
  ['', 'issuer-options', 'issuerTable', issuerTable],
  ['', 'options', 'verifierTable', verifierTable],
  [
    '',
    'options',
    'VerifierOptions',
    { issuers: { bounds: '1 or more, each once, or an object with `resolve`', read: (_, value) => value } },
  ],
  ['issuers.', 'issuer-options', 'issuerResolverTable', issuerResolverTable],
  ['tokenCache.', 'options', 'tokenCacheTable', tokenCacheTable],
  ['logRefusals.', 'options', 'logRefusalsTable', logRefusalsTable],
  ['keySet.', 'key-set-options', 'keySetTable', keySetTable],
  ['revocation.', 'revocation-options', 'revocationTable', revocationTable],
  ['dpop.', 'binding-options', 'dpopTable', dpopTable],
  ['clientCertificate.', 'binding-options', 'clientCertificateTable', clientCertificateTable],
  ['metrics.', 'telemetry-options', 'metricsTable', metricsTable],
  ['watch.', 'options', 'watchTable', watchTable],
  ['usage.', 'usage-options', 'usageTable', usageTable],
  ['openTelemetry.', 'telemetry-options', 'openTelemetryTable', openTelemetryTable],
];

/** Every option by its full name, with its docstring in one line. */
export const documentedOptions: ReadonlyMap<string, { readonly row: Option<unknown>; readonly docstring: string }> =
  new Map(
    tables.flatMap(([prefix, file, tableName, table]) => {
      const source = readFileSync(new URL(`../../src/options/${file}.ts`, import.meta.url), 'utf8');
      const start = source.search(new RegExp(`export (const|interface) ${tableName} `));
      const docstrings = docstringsIn(source.slice(start, source.indexOf('\n}', start)));
      return Object.entries(table).map(
        ([name, row]) => [`${prefix}${name}`, { row, docstring: docstrings.get(name) ?? '' }] as const,
      );
    }),
  );

function docstringsIn(source: string): ReadonlyMap<string, string> {
  const found = source.matchAll(/^ {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}(?:readonly )?(\w+)\??:/gm);
  return new Map([...found].map(([, text = '', name = '']) => [name, text.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim()]));
}

/** The options that are numbers, by their full names. */
export const numberOptions: readonly (readonly [string, NumberRow])[] = [...documentedOptions].flatMap(
  ([name, { row }]) => (isNumberRow(row) ? [[name, row] as const] : []),
);

function isNumberRow(row: Option<unknown>): row is NumberRow {
  return 'min' in row;
}
