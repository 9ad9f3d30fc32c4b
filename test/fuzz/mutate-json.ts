import type { Draw } from './mutator.ts';

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
const edgeKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  '',
  'v',
  'keys',
  'kid',
  'alg',
  'b64',
  'crit',
];
const edgeValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e308, -1e308, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 53 + 2],
  ...['', 'a', '\0', '\u202e', '\ud800', 'NaN', '__proto__', 'any', 'all', 'now', '0'.repeat(40), 'x'.repeat(5000)],
  ...[[], {}, [[]], nested(33), nested(2000)],
  JSON.parse('{"__proto__":{"polluted":1}}'),
  { constructor: { prototype: { polluted: 1 } } },
];

type Container = Record<string, unknown> | unknown[];

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** A copy of a JSON value in which one member is replaced, added, removed or repeated. */
export function mutateJson(value: unknown, draw: Draw): unknown {
  if (!isContainer(value) || draw(16) === 0) return edgeValues[draw(edgeValues.length)];
  const keys = Object.keys(value);
  const key = keys[draw(keys.length)];
  if (key === undefined || draw(8) === 0) return withMember(value, edgeKeys[draw(edgeKeys.length)]!, anyValue(draw));
  const member: unknown = Reflect.get(value, key);
  if (isContainer(member) && draw(4) !== 0) return withMember(value, key, mutateJson(member, draw));
  const choice = draw(6);
  if (choice === 0) return without(value, key);
  if (choice === 1 && Array.isArray(value)) return [...value, ...Array(1 << draw(11)).fill(member)];
  if (choice === 2 && typeof member === 'number') return withMember(value, key, member + draw(3) - 1);
  return withMember(value, key, choice === 3 ? Reflect.get(value, keys[draw(keys.length)]!) : anyValue(draw));
}

function anyValue(draw: Draw): unknown {
  return edgeValues[draw(edgeValues.length)];
}

/** Defined and not assigned: `__proto__` must become a member of its own, as JSON.parse makes it. */
function withMember(value: Container, key: string, member: unknown): Container {
  const copy: Container = Array.isArray(value) ? [...value] : { ...value };
  if (!(Array.isArray(copy) && key === 'length')) {
    Object.defineProperty(copy, key, { value: member, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

function without(value: Container, key: string): Container {
  if (Array.isArray(value)) return value.filter((_, index) => String(index) !== key);
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}
