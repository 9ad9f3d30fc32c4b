import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { entriesOf, programOf } from './generate.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const published = [
  'packages/denylist',
  'packages/middleware',
  'packages/issuer',
  'packages/testing',
  'apps/sidecar',
  'apps/receiver',
  'apps/cli',
];
/** Inside the repository, where the packages are found by name. */
const folder = join(root, '.cache', `optional-members-${process.pid}`);

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'dom', 'esnext.disposable'],
  types: ['node'],
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  // The declarations of dependencies are not ours.
  skipLibCheck: true,
  noErrorTruncation: true,
};

/** Each error of the compiler with the export that its line names. */
function errorsOf(program: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(join(folder, 'check.ts'), program);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['check.ts'] }));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8', cwd: folder });
    const lines = program.split('\n');
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) => {
        const [, row = '0', message = line] = /\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
        return `${lines[Number(row) - 1]?.split(' // ')[1] ?? 'program'}: ${message}`;
      });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('finds a member that refuses undefined, in an option, a list and the parameter of a method', () => {
  const own = [
    "interface Bag { readonly a?: 'x'; readonly inner: { readonly b?: number }; readonly list: readonly { readonly c?: 1 }[]; readonly good?: string | undefined }",
    "export const bag: Strict<Bag> extends infer S ? S : never = 'none'; // bag",
    "export const method: Strict<MethodInputs<{ open(grant: { readonly d?: 1 }): void }>> = 'none'; // method",
  ];
  const errors = errorsOf(`${programOf([])}${own.join('\n')}\n`);
  expect(errors).toEqual([
    expect.stringMatching(/^bag: .*"a" \| "inner\.b" \| "list\.c"/),
    expect.stringMatching(/^method: .*"d"/),
  ]);
});

it('lets every optional member of what a published package takes be undefined', () => {
  const entries = published.flatMap((workspace) => entriesOf(join(root, workspace)));
  expect(entries.map(({ specifier }) => specifier)).toContain('@revocast/issuer/express');
  // Generic types take part through the functions that use them.
  const errors = errorsOf(programOf(entries)).filter((error) => !error.includes('TS2314'));
  expect(errors).toEqual([]);
});
