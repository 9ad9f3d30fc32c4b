import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));

it('writes a bill of materials with what is installed with a package, and nothing that only its development needs', () => {
  execFileSync(process.execPath, ['scripts/sbom.mjs'], { cwd: root });
  const { components } = JSON.parse(readFileSync(`${root}/.cache/sbom/sidecar.cdx.json`, 'utf8')) as {
    components: readonly { readonly purl: string }[];
  };
  const names = components.map(({ purl }) => decodeURIComponent(purl).replace(/^pkg:npm\/(.+)@.*$/, '$1'));
  // `yaml` is listed by the root too, for development; `denque` is a dependency of `ioredis`.
  expect(names).toEqual(expect.arrayContaining(['@revocast/denylist', 'ioredis', 'denque', 'yaml', 'ws']));
  expect(names.filter((name) => /jest|typescript|^@types\//.test(name))).toEqual([]);
});
