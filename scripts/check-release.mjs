// Checks that the repository can be published under a tag: `node scripts/check-release.mjs v0.2.0 [root]`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedWorkspaces } from './pack.mjs';
import { root as repository } from './run.mjs';

const [tag = '', root = repository] = process.argv.slice(2);
if (!/^v\d+\.\d+\.\d+$/.test(tag)) {
  console.error(`usage: node scripts/check-release.mjs <tag, as v0.2.0>, found ${tag || 'no tag'}`);
  process.exit(2);
}
const version = tag.slice(1);
const workspaces = publishedWorkspaces(root);
const names = workspaces.map(({ manifest }) => manifest.name);

const problems = workspaces.flatMap(({ path, manifest }) => {
  const found = [
    ['version', manifest.version],
    ...Object.entries(manifest.dependencies ?? {}).filter(([name]) => names.includes(name)),
  ];
  return found
    .filter(([, value]) => value !== version)
    .map(([name, value]) => `${path}/package.json: ${name} is ${value}, expected ${version}`);
});
if (!readFileSync(join(root, 'CHANGELOG.md'), 'utf8').includes(`\n## [${version}]`)) {
  problems.push(`CHANGELOG.md: no heading "## [${version}]"`);
}

for (const problem of problems) console.error(problem);
console.log(`${names.length} packages, ${problems.length} problems for ${tag}`);
process.exit(problems.length === 0 ? 0 : 1);
