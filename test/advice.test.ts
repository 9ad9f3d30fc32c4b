import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

const sources = [
  'packages/denylist',
  'packages/middleware',
  'packages/issuer',
  'packages/testing',
  'apps/sidecar',
  'apps/cli',
  'apps/receiver',
  'apps/demo',
].flatMap((folder) =>
  readdirSync(join(root, folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => join(folder, 'src', name)),
);

/** The string literals of our code, which is where advice to people is written. Comments are not among them. */
const literals = sources.flatMap((path) => {
  const code = textOf(path)
    .replace(/^\s*(\/\/|\/?\*).*$/gm, '')
    .replace(/\s\/\/ .*$/gm, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)].map(([text]) => ({
    path,
    text,
  }));
});

/** The code in our pages. */
const codeInPages = ['README.md', ...pagesIn('docs')].flatMap((path) =>
  [...textOf(path).matchAll(/```.*?```|`[^`\n]+`/gs)].map(([text]) => ({ path, text })),
);

function pagesIn(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.md')).map((name) => join(folder, name));
}

/** What the literals or the pages mention, with the file. */
function mentions(pattern: RegExp, texts = literals): string[] {
  const found = texts.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(([, name = '']) => `${name} (${path})`),
  );
  return [...new Set(found)];
}

const nameOf = (mention: string) => mention.split(' (')[0] ?? '';
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = '']) => name);
const kebab = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

// The help of a program is tested against its commands by its own tests.
const sidecarCommands = names(
  /Commands:\n(.*?)\n\n/s.exec(textOf('apps/sidecar/src/commands/help.ts'))?.[1] ?? '',
  /^ {2}([a-z]+)/gm,
);
const cliSources = sources
  .filter((path) => path.startsWith('apps/cli'))
  .map(textOf)
  .join('\n');
const cliCommands = names(cliSources, /\.command\('([\w-]+)'/g);
const sidecarOptions = Object.keys(
  (JSON.parse(textOf('apps/sidecar/config.schema.json')) as { properties: object }).properties,
);
const flags = [
  ...sidecarOptions.map(kebab),
  ...names(cliSources, /['`](--[a-z][a-z-]+)(?=[ '`])/g),
  ...names(textOf('apps/demo/src/report/command-line.ts'), /(--[a-z]+)/g),
  ...['--config', '--print-config', '--help', '--version', '--max', '--url'],
];

describe('advice to people', () => {
  it('is found: the search sees files, commands and options', () => {
    for (const pattern of [/(docs\/[\w/-]+\.md)/g, /revocast-sidecar (\w+)/g, /(?<![\w-])(--[a-z][a-z-]+)/g]) {
      expect(mentions(pattern).length).toBeGreaterThan(1);
    }
    expect([sidecarCommands.length, cliCommands.length, flags.length].every((count) => count > 5)).toBe(true);
  });

  it('names only pages that exist', () => {
    const missing = mentions(/(docs\/[\w/-]+\.md)/g).filter((mention) => !existsSync(join(root, nameOf(mention))));
    expect(missing).toEqual([]);
  });

  it('names only commands that exist', () => {
    const ofSidecar = mentions(/(?:revocast-sidecar|@revocast\/sidecar) ([a-z]+)\b(?!:)/g);
    // The name of a derived key, which ends with a version, is no command.
    const ofCli = mentions(/(?<![\w@/-])(?:run: |\$ |npx |`)revocast ([a-z]+)\b(?! (?:token )?\d)/g);
    expect(ofSidecar.filter((mention) => !sidecarCommands.includes(nameOf(mention)))).toEqual([]);
    expect(ofCli.filter((mention) => !cliCommands.includes(nameOf(mention)))).toEqual([]);
    const inPages = mentions(/(?:revocast-sidecar|@revocast\/sidecar) ([a-z]+)\b(?!:)/g, codeInPages);
    const ofCliInPages = mentions(/(?<![\w@/-])revocast ([a-z]+)\b/g, codeInPages);
    expect([inPages.length > 1, ofCliInPages.length > 5]).toEqual([true, true]);
    expect(inPages.filter((mention) => !sidecarCommands.includes(nameOf(mention)))).toEqual([]);
    expect(ofCliInPages.filter((mention) => !cliCommands.includes(nameOf(mention)))).toEqual([]);
  });

  it('names only options that exist', () => {
    // The middleware has no command line, and two files of the sidecar set options of V8.
    const named = mentions(/(?<![\w-])(--[a-z][a-z-]+[a-z])/g).filter(
      (mention) => !/packages\/middleware|bound-heap|compile-when-busy/.test(mention),
    );
    expect(named.filter((mention) => !flags.includes(nameOf(mention)))).toEqual([]);
  });
});
