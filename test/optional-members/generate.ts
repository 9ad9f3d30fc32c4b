import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** An entry of a published package: what an application imports, and its declarations. */
export interface Entry {
  readonly specifier: string;
  readonly declarations: string;
}

export function entriesOf(folder: string): readonly Entry[] {
  const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([path, target]) => {
    const source: unknown = Reflect.get(Object(target), 'revocast-source');
    if (typeof source !== 'string') return [];
    const declarations = join(folder, source.replace('/src/', '/dist/').replace(/\.ts$/, '.d.ts'));
    return [{ specifier: join(name, path), declarations }];
  });
}

interface Names {
  readonly types: readonly string[];
  readonly values: readonly string[];
}

/** What an entry exports by name. */
export function namesIn(declarations: string): Names {
  if (!existsSync(declarations)) throw new Error(`expected ${declarations}: run \`npm run build\` first`);
  const text = readFileSync(declarations, 'utf8');
  const types = [...text.matchAll(/^export (?:declare )?(?:interface|type) (\w+)/gm)].map(([, name = '']) => name);
  const values = [...text.matchAll(/^export declare (?:async )?(?:function|const|class) (\w+)/gm)].map(
    ([, name = '']) => name,
  );
  for (const [, isType, list = ''] of text.matchAll(/^export (type )?\{([^}]*)\}/gm)) {
    for (const part of list.split(',').map((each) => each.trim())) {
      const name = part.split(' as ').at(-1)?.replace('type ', '').trim() ?? '';
      if (name !== '') (isType || part.startsWith('type ') ? types : values).push(name);
    }
  }
  const everything = /^export \*.*'(\..*)\.(?:js|ts)'/gm;
  const inner = [...text.matchAll(everything)].map(([, path = '']) =>
    namesIn(join(dirname(declarations), `${path}.d.ts`)),
  );
  return {
    types: [...types, ...inner.flatMap((names) => names.types)],
    values: [...values, ...inner.flatMap((names) => names.values)],
  };
}

/** Entries that other packages of the product use; their other types are ports. */
const portEntries: readonly string[] = [
  '@revocast/denylist/replica',
  '@revocast/denylist/server',
  '@revocast/sidecar/service',
];
/** What an application implements, and the product calls. */
const port = /(Store|World|Feed|LookUp)$/;
const optionType = /(Options|Dependencies|Observer)$/;

/**
 * A program of types: a line of it is an error when a caller passes something with an optional member that refuses
 * `undefined`. With `exactOptionalPropertyTypes`, `Required` keeps an `undefined` that is written in the type, and no other.
 * Functions in an option are not walked: what they receive is a result.
 */
const prelude = `
import type { EventEmitter } from 'node:events';
import type { KeyObject } from 'node:crypto';
import type { Server } from 'node:http';
type Foreign = AbortSignal | Date | Map<any, any> | Set<any> | Uint8Array | RegExp | Error | URL | EventEmitter | Server | Request | Response | Headers | PromiseLike<any> | AsyncIterable<any> | Iterable<any>;
type Deeper = [never, 0, 1, 2, 3, 4];
type IsAny<T> = 0 extends 1 & T ? true : false;
/** The target of a revocation is stricter on purpose: ARCHITECTURE.md, Optional members. */
type Keys<T> = { [K in keyof T & string]-?: string extends K ? never : T extends { readonly subject: string; readonly client?: string } ? never : {} extends Pick<T, K> ? (IsAny<T[K]> extends true ? never : unknown extends T[K] ? never : undefined extends Required<T>[K] ? never : K) : never }[keyof T & string];
/** What a caller passes to an exported function or class. */
type Inputs<T> = T extends abstract new (...args: infer Args) => any ? Args : T extends (...args: infer Args) => any ? Args : never;
/** What a caller passes to the methods of an object. */
type MethodInputs<T> = T extends Foreign ? never : { [K in keyof T]: T[K] extends (...args: infer Args) => any ? Args : never }[keyof T];
/** Paths of the members that refuse undefined. */
export type Strict<T, D extends number = 4> = [D] extends [never] ? never : IsAny<T> extends true ? never
  : T extends readonly (infer Item)[] ? Strict<Item, Deeper[D]>
  : T extends (...args: any) => any ? never
  : T extends Foreign | KeyObject ? never
  : T extends object ? \`\${Keys<T>}\` | { [K in keyof T & string]-?: Strict<T[K], Deeper[D]> extends infer S extends string ? \`\${K}.\${S}\` : never }[keyof T & string]
  : never;
`;

/** @returns a program, in which each line with an error names the entry and the export in a comment. */
export function programOf(entries: readonly Entry[]): string {
  const checks = entries.flatMap(({ specifier, declarations }, index) => {
    const { types, values } = namesIn(declarations);
    const line = (name: string, type: string) =>
      `export const e${index}_${name}: [Strict<${type}>] extends [never] ? 'ok' : Strict<${type}> = 'ok'; // ${specifier}: ${name}`;
    const isPublic = !portEntries.includes(specifier);
    const bags = types.filter((name) => optionType.test(name));
    const objects = types.filter((name) => isPublic && !optionType.test(name) && !port.test(name));
    return [
      `import type * as E${index} from '${specifier}';`,
      ...bags.map((name) => line(name, `E${index}.${name}`)),
      ...objects.map((name) => line(name, `MethodInputs<E${index}.${name}>`)),
      ...(isPublic ? values : []).map((name) => line(name, `Inputs<typeof E${index}.${name}>`)),
    ];
  });
  return `${prelude}${checks.join('\n')}\n`;
}
