// Reads the imports and the used globals of a TypeScript source from its syntax tree. Comments, strings, and names that
// the file declares (a parameter `process`) do not count.
import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

// Inserted before the source. It shows the position at which the file starts (swc continues to count from file to file)
// and the scope mark that swc gives to names which the file does not declare.
const probe = 'globalThis;';

/**
 * @typedef {object} Import
 * @property {string} specifier as written
 * @property {'value' | 'type' | 'dynamic'} kind a 'type' import does not exist at run time
 * @property {string[]} names the imported names; `*` for all of them
 * @property {number} line
 *
 * @typedef {object} SourceFacts
 * @property {Import[]} imports
 * @property {{ name: string, line: number }[]} globals `setTimeout`, or `Date.now`, or `new Date()`
 */

/** @returns {SourceFacts} */
export function readSource(path) {
  // A hashbang is valid only at the start of the file, where the probe is inserted.
  const text = readFileSync(path, 'utf8').replace(/^#!/, '//');
  const bytes = Buffer.from(probe + text);
  const tree = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2022' });
  const mark = tree.body[0].expression;
  const facts = { imports: [], globals: [] };
  const lineOf = (node) => countLines(bytes, node.span.start - mark.span.start);
  const isGlobal = (node) => node?.type === 'Identifier' && node.ctxt === mark.ctxt;
  for (const statement of tree.body.slice(1)) walk(statement, false, { facts, lineOf, isGlobal });
  return facts;
}

function countLines(bytes, offset) {
  let lines = 1;
  for (let at = bytes.indexOf(10); at !== -1 && at < offset; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

const typePositions = new Set(['typeAnnotation', 'typeArguments', 'typeParams', 'typeParameters', 'returnType']);

function walk(node, inType, context) {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, inType, context);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  collectImport(node, context);
  if (!inType && collectGlobal(node, context)) return;
  const isTypeNode = node.type === 'TsInterfaceDeclaration' || node.type === 'TsTypeAliasDeclaration';
  for (const [key, child] of Object.entries(node)) {
    if (key !== 'span') walk(child, inType || isTypeNode || typePositions.has(key), context);
  }
}

function collectImport(node, { facts, lineOf }) {
  const add = (source, kind, names) => facts.imports.push({ specifier: source.value, kind, names, line: lineOf(node) });
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration': {
      if (!node.source) return;
      const values = node.specifiers.filter((specifier) => !specifier.isTypeOnly);
      const onlyTypes = node.typeOnly || (node.specifiers.length > 0 && values.length === 0);
      add(node.source, onlyTypes ? 'type' : 'value', (onlyTypes ? node.specifiers : values).map(nameOf));
      return;
    }
    case 'ExportAllDeclaration':
      add(node.source, node.typeOnly ? 'type' : 'value', ['*']);
      return;
    case 'TsImportType':
      add(node.argument, 'type', ['*']);
      return;
    case 'CallExpression': {
      const isImport = node.callee.type === 'Import';
      const isRequire = node.callee.type === 'Identifier' && node.callee.value === 'require';
      const argument = node.arguments[0]?.expression;
      // No rule allows a computed specifier, because its value is unknown.
      const source = argument?.type === 'StringLiteral' ? argument : { value: '(computed)' };
      if (isImport || isRequire) add(source, isImport ? 'dynamic' : 'value', ['*']);
    }
  }
}

/** The name in the other module, before `as`. */
function nameOf(specifier) {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default';
  if (specifier.type === 'ImportNamespaceSpecifier' || specifier.type === 'ExportNamespaceSpecifier') return '*';
  return (specifier.imported ?? specifier.orig ?? specifier.local).value;
}

/** @returns whether the walk can skip the children of this node. */
function collectGlobal(node, { facts, lineOf, isGlobal }) {
  if (node.type === 'NewExpression' && isGlobal(node.callee) && (node.arguments ?? []).length === 0) {
    facts.globals.push({ name: `new ${node.callee.value}()`, line: lineOf(node) });
    return true;
  }
  const path = globalPath(node, isGlobal);
  if (path === undefined || path.length === 0) return false;
  facts.globals.push({ name: path[0], line: lineOf(node) });
  if (path.length > 1) facts.globals.push({ name: `${path[0]}.${path[1]}`, line: lineOf(node) });
  return true;
}

/** `['Date', 'now']` for `Date.now`, `Date['now']` and `globalThis.Date.now`; undefined when it starts at a local name. */
function globalPath(node, isGlobal) {
  if (isGlobal(node)) return node.value === 'globalThis' ? [] : [node.value];
  if (node.type !== 'MemberExpression') return undefined;
  const path = globalPath(node.object, isGlobal);
  const property = propertyName(node.property);
  return path && property !== undefined ? [...path, property] : undefined;
}

function propertyName(property) {
  if (property.type === 'Identifier') return property.value;
  if (property.type === 'Computed' && property.expression.type === 'StringLiteral') return property.expression.value;
  return undefined;
}
