// Rules about the graph of imports. `import()` does not count, because it runs after both files were loaded.
import { relative, sep } from 'node:path';
import { entriesOf, isRelative, packageOf, resolve } from './workspaces.mjs';

/** No entry of a package reaches an optional peer by static imports, so the package can be imported without it. */
export function* unloadablePeers(workspaces, workspace) {
  const seen = new Set();
  const waiting = entriesOf(workspace).map((file) => ({ workspace, file }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.file)) continue;
    seen.add(next.file);
    const optional = next.workspace.manifest.peerDependenciesMeta ?? {};
    for (const { specifier, line } of loadsOf(next)) {
      const peer = packageOf(specifier);
      if (!isRelative(specifier) && optional[peer]?.optional) {
        const rule = `${workspace.manifest.name} cannot be imported without its optional peer ${peer}`;
        const remedy = `write \`await import('${peer}')\` where it is needed, or load this file that way`;
        yield { file: next.file, line, rule, remedy };
      }
      const target = resolve(workspaces, next.workspace, next.file, specifier);
      if (target !== undefined) waiting.push(target);
    }
  }
}

/** Type imports count, because two files with types of each other cannot be read one after the other. */
export function cycles(workspaces) {
  const violations = [];
  const done = new Set();
  const visit = (node, trail) => {
    if (done.has(node.file)) return;
    for (const { specifier, line } of importsOf(node).filter(({ kind }) => kind !== 'dynamic')) {
      const target = resolve(workspaces, node.workspace, node.file, specifier);
      if (target === undefined) continue;
      const start = [...trail, node.file].indexOf(target.file);
      if (start === -1) {
        visit(target, [...trail, node.file]);
        continue;
      }
      const path = [...trail, node.file].slice(start).concat(target.file);
      const shown = path.map((file) => relative(node.workspace.folder, file).split(sep).join('/')).join(' → ');
      const remedy = 'move what both need into a file of its own';
      violations.push({ file: node.file, line, rule: `import cycle: ${shown}`, remedy });
    }
    done.add(node.file);
  };
  for (const workspace of workspaces) for (const file of workspace.sources.keys()) visit({ workspace, file }, []);
  return violations;
}

function importsOf({ workspace, file }) {
  return workspace.sources.get(file)?.imports ?? [];
}

/** Imports of values. Types are not loaded at run time. */
function loadsOf(node) {
  return importsOf(node).filter(({ kind }) => kind === 'value');
}
