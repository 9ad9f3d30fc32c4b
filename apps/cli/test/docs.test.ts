import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Command, Option } from 'commander';
import { redisExpectations } from '../src/doctor/judge-redis.ts';
import { exitCodes } from '../src/exit-codes.ts';
import { createProgram } from '../src/program.ts';
import { runIn, testWorld } from './test-world.ts';

const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const text = read('cli.md');
const program = createProgram(testWorld(), () => undefined);
const commands = program.commands.map((command) => [command.name(), command] as const);

/** The expected row of the document. */
function rowOf({ flags, description, argChoices, defaultValue, defaultValueDescription }: Option): string {
  const choices = argChoices === undefined ? '' : ` (${argChoices.map((choice) => `\`${choice}\``).join(', ')})`;
  const value =
    defaultValue === undefined || typeof defaultValue === 'boolean'
      ? ''
      : `\`${defaultValueDescription ?? String(defaultValue)}\``;
  return `| \`${flags}\` | ${value} | ${description.replaceAll('|', '\\|')}${choices} |`;
}

function sectionOf(name: string): string {
  return text.split(`\n## revocast ${name}\n`)[1]?.split('\n## ')[0] ?? '';
}

function visibleOptions(command: Command): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

describe('docs/cli.md', () => {
  it.each(commands)('lists the options of %s as they are defined', (name, command) => {
    const rows = sectionOf(name)
      .split('\n')
      .filter((line) => line.startsWith('| `-'));
    expect(rows).toEqual(visibleOptions(command).map(rowOf));
  });

  it('has one section for each command', () => {
    const sections = [...text.matchAll(/^## revocast (\S+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(commands.map(([name]) => name));
  });

  it('has a row for each exit code', () => {
    const rows = [...text.matchAll(/^\| (\d) \| /gm)].map(([, code]) => Number(code));
    expect(rows).toEqual(Object.values(exitCodes));
  });

  it('names only flags that exist', () => {
    const known = program.commands.flatMap(({ options }) => options.flatMap(({ long }) => long ?? []));
    // The last three belong to all commands or to other programs.
    const flags = [...known, '--help', '--version', '--source'];
    for (const [flag] of text.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)) expect(flags).toContain(flag);
  });
});

describe('help', () => {
  it.each(commands)('of %s lists its options and has an example', async (name, command) => {
    const { code, out, err } = await runIn(testWorld(), name, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const { long } of visibleOptions(command)) expect(out).toContain(long);
    expect(out).toMatch(/\nExamples:\n {2}\$ .*revocast /);
  });

  it('lists every command and exit code', async () => {
    const { code, out } = await runIn(testWorld(), '--help');
    expect(code).toBe(0);
    for (const [name] of commands) expect(out).toContain(`\n  ${name} `);
    for (const exitCode of Object.values(exitCodes)) expect(out).toContain(`\n  ${exitCode}  `);
  });

  it('shows no secret of the environment', async () => {
    const environment = { REVOCAST_SOURCE: 'redis://:hunter2@h', REVOCAST_TOKEN_FILE: '/secret' };
    for (const [name] of commands) {
      expect((await runIn(testWorld({ environment }), name, '--help')).out).not.toMatch(/hunter2|\/secret/);
    }
  });
});

describe('given a mistyped command', () => {
  it('suggests a command and exits with 2', async () => {
    expect(await runIn(testWorld(), 'docter')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean doctor?'),
    });
  });

  it('does not print it when it is a token or a URL with a password', async () => {
    const token = 'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJhIn0.c2lnbmF0dXJl';
    expect((await runIn(testWorld(), token)).err).not.toContain('eyJ');
    expect((await runIn(testWorld(), 'redis://:hunter2@h')).err).not.toContain('hunter2');
    expect((await runIn(testWorld(), 'explain', token)).err).not.toContain('eyJ');
  });
});

describe('redisExpectations', () => {
  it('has an entry for each misconfiguration of docs/redis.md', () => {
    const rows = read('redis.md').matchAll(/^\| `(?!file_)(\w+)` \| (?:unsafe|degraded|warning) \|/gm);
    const names = [...rows].map(([, name]) => name);
    expect(Object.keys(redisExpectations).sort()).toEqual(names.sort());
  });
});
