// Writes a software bill of materials (CycloneDX JSON) for each published package, to .cache/sbom.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { publishedWorkspaces } from './pack.mjs';
import { npmScript, readNode, root } from './run.mjs';
import { takeNoOptions } from './take-no-options.mjs';

takeNoOptions(
  'sbom',
  `Writes .cache/sbom/<package>.cdx.json for each published package: it and everything that is installed with it.
Exit code: 1 if one cannot be written, or lacks a dependency of its package.json.`,
);

const folder = join(root, '.cache', 'sbom');
mkdirSync(folder, { recursive: true });
const workspaces = publishedWorkspaces();
// Without `--omit dev`: npm would leave out what the root needs for development and a package needs in use.
const { status, stdout, stderr } = await readNode(npmScript(), ['sbom', '--sbom-format', 'cyclonedx']);
if (status !== 0) throw new Error(`npm sbom failed:\n${stderr}`);
const { components, dependencies, ...document } = JSON.parse(stdout);
const byRef = new Map(components.map((component) => [component['bom-ref'], component]));
const edges = new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));

let failures = 0;
for (const { path, manifest } of workspaces) {
  const component = components.find((candidate) => nameOf(candidate) === manifest.name);
  const refs = installedWith(component['bom-ref']);
  const names = [...refs].map((ref) => nameOf(byRef.get(ref)));
  const lacking = Object.keys(manifest.dependencies ?? {}).filter((name) => !names.includes(name));
  const file = join(folder, `${basename(path)}.cdx.json`);
  const bill = {
    ...document,
    metadata: { ...document.metadata, component },
    components: components.filter((candidate) => candidate !== component && refs.has(candidate['bom-ref'])),
    dependencies: [...refs].map((ref) => ({ ref, dependsOn: usedBy(ref) })),
  };
  writeFileSync(file, `${JSON.stringify(bill, null, 2)}\n`);
  console.log(`${manifest.name}: ${bill.components.length} components in ${file}`);
  if (lacking.length > 0) console.error(`  lacks ${lacking.join(', ')}`);
  failures += lacking.length;
}
process.exit(failures === 0 ? 0 : 1);

function nameOf({ purl }) {
  return decodeURIComponent(purl.slice('pkg:npm/'.length, purl.lastIndexOf('@')));
}

/** References of what a component needs in use: of our packages without the dependencies for development. */
function usedBy(ref) {
  const manifest = workspaces.find(({ manifest: { name } }) => name === nameOf(byRef.get(ref)))?.manifest;
  const used = edges.get(ref) ?? [];
  return manifest === undefined
    ? used
    : used.filter((other) => manifest.dependencies?.[nameOf(byRef.get(other))] !== undefined);
}

function installedWith(ref, found = new Set()) {
  if (found.has(ref)) return found;
  found.add(ref);
  for (const other of usedBy(ref)) installedWith(other, found);
  return found;
}
