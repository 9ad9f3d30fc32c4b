import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { transformSync } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export interface Snippet {
  readonly at: string;
  readonly code: string;
  /** The heading of its section. */
  readonly under: string;
}

/** The programs of a page. */
export function snippetsIn(page: string): Snippet[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```(?:ts|js|typescript|javascript)\n(.*?)^```$/gms)].map(({ index, 1: code = '' }) => ({
    at: `${page}:${text.slice(0, index).split('\n').length + 1}`,
    code,
    under: [...text.slice(0, index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
  }));
}

/** The names that a snippet may use without importing them; `modules` are those that it may import. */
export interface SnippetScope {
  readonly modules: object;
}

/** Runs a snippet. A name that it uses and that does not exist is an error. */
export async function runSnippet({ code }: Snippet, scope: SnippetScope): Promise<void> {
  const body = code
    .replace(/^export /gm, '')
    .replace(/^import \* as (\w+) from '([^']+)';$/gm, (_, name, from) => `const ${name} = modules['${from}'];`)
    .replace(/^import (\w+) from '([^']+)';$/gm, (_, name, from) => `const ${name} = modules['${from}'].default;`)
    .replace(/^import \{([^}]+)\} from '([^']+)';$/gm, (_, names: string, from: string) => {
      const exported: object = Reflect.get(scope.modules, from) ?? {};
      for (const name of names.split(',').map((each) => each.trim())) expect(Object.keys(exported)).toContain(name);
      return `const {${names}} = modules['${from}'];`;
    });
  const { code: script } = transformSync(`(async () => {\n${body}\n})()`, { loader: 'ts', target: 'es2022' });
  // A sloppy function: the names of the scope are those of the snippet.
  await new Function('scope', `with (scope) { return ${script} }`)(scope);
}
