// Reads the TypeScript snippets of the READMEs, which must compile and run.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../run.mjs';

/** Replacements for addresses in a README that do not exist in a test run. */
const standIns = [
  [/redis:\/\/redis:6379/g, 'memory:'],
  [/\.listen\(\d+/g, '.listen(0'],
];

/** @typedef {{ at: string, name: string, code: string }} Snippet `at` is file:line; `name` fits a file name */

/** @returns {Snippet[]} every `ts` fence of README.md and of the READMEs of the packages */
export function findSnippets() {
  const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
  return ['README.md', ...packages].filter((path) => existsSync(join(root, path))).flatMap(snippetsIn);
}

function snippetsIn(path) {
  const text = readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length + 1;
    return { at: `${path}:${line}`, name: `${path.replace(/\.md$/, '').replaceAll('/', '-')}-${line}`, code: match[1] };
  });
}

/** The packages that the snippets import, without those of this repository and of Node. */
export function packagesIn(snippets) {
  const specifiers = snippets.flatMap(({ code }) =>
    [...code.matchAll(/\bfrom '([^'.][^']*)'/g)].map(([, name]) => name),
  );
  const names = specifiers.map((specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(names)].filter((name) => !name.startsWith('node:') && !name.startsWith('@revocast/'));
}

/** The snippet as an ES module. */
export function asModule({ code }) {
  return `${withStandIns(code)}\nexport {};\n`;
}

/** The snippet for CommonJS, which has no top-level await: imports first, and the rest in a function. */
export function asFunction({ code }) {
  const imports = [];
  const body = withStandIns(code).replace(/^import\s(?:[^;]*?from\s+)?'[^']+';$/gm, (statement) => {
    imports.push(statement);
    return '';
  });
  return `${imports.join('\n')}\nexport async function snippet(): Promise<void> {\n${body}\n}\n`;
}

function withStandIns(code) {
  return standIns.reduce((text, [pattern, standIn]) => text.replace(pattern, standIn), code);
}
