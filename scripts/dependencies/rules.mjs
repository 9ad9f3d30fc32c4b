// Rules about single files. Each yields violations: `{ file, line, rule, remedy }`.
import { dirname, join, sep } from 'node:path';
import { entriesOf, isBuiltin, isListed, isRelative, packageOf } from './workspaces.mjs';

/** A workspace is imported by its package name. Packages never import apps, and the denylist never the middleware. */
export function* borders(workspaces, workspace, file) {
  for (const { specifier, line } of file.imports) {
    const violation = (rule, remedy) => ({ file: file.path, line, rule, remedy });
    if (isRelative(specifier)) {
      if (join(dirname(file.path), specifier).startsWith(workspace.folder + sep)) continue;
      yield violation(`'${specifier}' leaves ${workspace.path}`, 'import the other workspace by its package name');
      continue;
    }
    const target = workspaces.find(({ manifest }) => manifest.name === packageOf(specifier));
    if (target === undefined || !workspace.path.startsWith('packages/')) continue;
    if (target.path.startsWith('apps/')) {
      const remedy = 'apps depend on packages: move what both need into a package, or hand it over as an argument';
      yield violation(`packages never import apps (${specifier})`, remedy);
    }
    if (workspace.path === 'packages/denylist' && target.path === 'packages/middleware') {
      const remedy = 'the denylist has no knowledge of requests: pass what it needs as an argument';
      yield violation(`denylist never imports middleware (${specifier})`, remedy);
    }
  }
}

/** A file imports only packages that are listed and declared as dependencies. */
export function* unlisted(workspace, file, allowed) {
  const { dependencies, peerDependencies } = workspace.manifest;
  for (const { specifier, line } of file.imports) {
    const violation = (rule, remedy) => ({ file: file.path, line, rule, remedy });
    if (isRelative(specifier) || isBuiltin(specifier)) continue;
    const name = packageOf(specifier);
    if (!allowed.includes(name)) {
      const remedy =
        'do without it, or add it to `mayImport` in scripts/check-dependencies.mjs and say why in the commit';
      yield violation(`${workspace.path} may not import ${name}`, remedy);
    } else if (dependencies?.[name] === undefined && peerDependencies?.[name] === undefined) {
      const remedy = `add it to dependencies or peerDependencies of ${workspace.path}/package.json`;
      yield violation(`${name} is not declared: it would only work where another package brings it along`, remedy);
    }
  }
}

/** Only some files may load a package, and only the composition root opens connections. Imports of types are allowed. */
export function* loaders(workspace, file, loadedOnlyBy, openedOnlyBy) {
  for (const { specifier, kind, names, line } of file.imports) {
    const violation = (rule, remedy) => ({ file: file.path, line, rule, remedy });
    if (kind === 'type') continue;
    for (const { workspace: path, module, files, dynamically } of loadedOnlyBy) {
      if (path !== workspace.path || module !== packageOf(specifier)) continue;
      if (!isListed(file.inside, files)) {
        yield violation(`only ${files.join(', ')} may load ${module}`, 'take what you need as a parameter');
      } else if (dynamically && kind !== 'dynamic') {
        yield violation(
          `${module} is loaded dynamically only`,
          `write \`await import('${module}')\` where it is needed`,
        );
      }
    }
    if (workspace.path !== openedOnlyBy.workspace || isListed(file.inside, openedOnlyBy.files)) continue;
    for (const name of names.filter((imported) => openedOnlyBy.names.includes(imported))) {
      yield violation(`only ${openedOnlyBy.files.join(', ')} may import ${name}`, 'take what it opens as a parameter');
    }
  }
}

/** A pure file loads only pure files and packages. It may import types of an edge, but not types of an edge's package. */
export function* pureImports(workspace, file, pure, edges) {
  const remedy = 'take it as a parameter, or move this code to an edge (`edges` in scripts/check-dependencies.mjs)';
  for (const { specifier, kind, names, line } of file.imports) {
    const violation = (rule) => ({ file: file.path, line, rule, remedy });
    if (isRelative(specifier)) {
      const target = workspace.sources.get(join(dirname(file.path), specifier));
      // An entry only re-exports, and may re-export edges.
      const isFree = kind === 'type' || target === undefined || entriesOf(workspace).includes(file.path);
      if (!isFree && isListed(target.inside, edges))
        yield violation(`a pure file may not load the edge ${target.inside}`);
      continue;
    }
    const name = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, '')}` : packageOf(specifier);
    if (!pure.imports.includes(name)) yield violation(`a pure file may not import ${specifier}`);
    if (isListed(file.inside, pure.mayDraw)) continue;
    for (const random of names.filter((imported) => pure.refusedNames.includes(imported))) {
      yield violation(`a pure file may not draw randomness (${random})`);
    }
  }
}

export function* pureGlobals(file, pure) {
  const remedy = 'take clock, randomness, timers and fetch as parameters';
  for (const { name, line } of file.globals) {
    if (pure.refusedGlobals.includes(name)) {
      yield { file: file.path, line, rule: `a pure file may not name ${name}`, remedy };
    }
  }
}
