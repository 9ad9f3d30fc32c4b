import { ConfigurationError } from '@revocast/denylist';
import { isClientClassName, maxClientClasses, namelessClass, unlistedClass } from '@revocast/denylist/replica';

/** Class → client ids. The class is a label, so there are few; a client id is none. */
export type ClientClasses = Readonly<Record<string, readonly string[]>>;
export type ClassOf = (client: string | undefined) => string;

const option = 'clientClasses';

/** Every value that {@link classOf} returns. */
export function classNamesOf(classes: ClientClasses): readonly string[] {
  return [...new Set([...Object.keys(classes), unlistedClass, namelessClass])];
}

/** The class of a client: `other` for one in no class, `unknown` without a client. */
export function classOf(classes: ClientClasses): ClassOf {
  const known = new Map(Object.entries(classes).flatMap(([name, ids]) => ids.map((id) => [id, name])));
  return (client) => (client === undefined ? namelessClass : (known.get(client) ?? unlistedClass));
}

/** @throws ConfigurationError */
export function checkClientClasses(classes: unknown): ClientClasses {
  if (typeof classes !== 'object' || classes === null || Array.isArray(classes)) {
    throw new ConfigurationError(option, 'expected an object of class → client ids');
  }
  const entries = Object.entries(classes);
  if (entries.length > maxClientClasses) {
    throw new ConfigurationError(option, `expected at most ${maxClientClasses} classes, found ${entries.length}`);
  }
  const checked = new Map<string, readonly string[]>();
  for (const [name, ids] of entries) {
    if (!isClientClassName(name)) {
      throw new ConfigurationError(option, 'expected names of 1–64 letters, digits, _, ., : or -, found another name');
    }
    if (!isStrings(ids)) throw new ConfigurationError(option, `expected an array of client ids for ${name}`);
    checked.set(name, ids);
  }
  return Object.fromEntries(checked);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
