import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { logErrorCodes } from '../../src/log/revocation-log.ts';
import { revocationReasons } from '../../src/rules/revocation.ts';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const page = read('../../../../docs/publisher.md');

/** The names in the first column of the table whose head begins with these words. */
function rowsOf(head: string): string[] {
  const [, table = ''] = page.split(`\n| ${head} |`);
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2);
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)/g)].map(([, name = '']) => name));
}

/** The members that an interface or a type declares itself. */
function membersOf(file: string, declaration: RegExp): string[] {
  const source = read(`../../src/${file}`);
  const from = source.slice(source.search(declaration));
  const body = from.slice(0, from.search(/^\}/m));
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, name = '']) => name);
}

const revocation = membersOf('rules/revocation.ts', /export type Revocation =/);
const callOptions = membersOf('publisher/publish-options.ts', /export interface PublishOptions/);
const tokenOptions = membersOf('publisher/publisher.ts', /export interface RevokeTokenOptions/);
const transport = membersOf('sources/source.ts', /export interface TransportOptions/);
const enforcement = membersOf('log/enforcement.ts', /export interface Enforcement/);

describe('docs/publisher.md', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'every option of createPublisher',
      'option of `createPublisher`',
      [...transport, ...membersOf('publisher/create-publisher.ts', /export interface CreatePublisherOptions/)],
    ],
    ['every call', 'call', membersOf('publisher/publisher.ts', /export interface Publisher /)],
    ['every option of a call', 'option of a call', [...callOptions, ...tokenOptions]],
    ['every member of a result', 'member', membersOf('publisher/log-writer.ts', /export interface Published /)],
    ['every code of an error', 'code', logErrorCodes],
  ])('has a row for %s', (_what, head, names) => {
    expect(names.length).toBeGreaterThan(3);
    expect(rowsOf(head).sort()).toEqual([...names].sort());
  });

  it('has a row for every member of a revocation, and names every reason', () => {
    const rows = rowsOf('member of a revocation');
    for (const name of ['issuer', 'entireIssuer', 'grant', 'key', ...revocation]) expect(rows).toContain(name);
    for (const reason of revocationReasons) expect(page).toContain(`\`${reason}\``);
  });

  it('has every member of the answer of enforcedEverywhere', () => {
    const [, answer = ''] = page.split('It resolves with:');
    const shown = enforcement.filter((name) => !['known', 'mayRememberLookUp'].includes(name));
    expect(shown.length).toBeGreaterThan(3);
    for (const name of ['everywhere', 'ms', ...shown]) expect(answer).toContain(`\`${name}\``);
  });
});
