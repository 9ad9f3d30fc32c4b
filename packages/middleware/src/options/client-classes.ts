import { isClientClassName, maxClientClasses, namelessClass, unlistedClass } from '@revocast/denylist/replica';
import { ConfigurationError } from '../errors.ts';
import { isGiven, readStrings, refuse } from './read-option.ts';

/** Says which class a client is in; the list of answers is closed by configuration. */
export type ClassifyClient = (clientId: string | undefined) => string;

/** Clients by class, as they are counted. */
export interface ClientClasses {
  /** Every answer that `classOf` can give. */
  readonly names: readonly string[];
  readonly classOf: ClassifyClient;
}

/** The same classes for the same object, so that verifiers which were handed one are counted together. */
const known = new WeakMap<object, ClientClasses>();

const noClasses = classesOf({});

/** @throws ConfigurationError */
export function readClientClasses(value: unknown): ClientClasses {
  if (value === undefined) return noClasses;
  if (!isGiven(value)) refuse('clientClasses', 'an object', value);
  const read = known.get(value) ?? classesOf(value);
  known.set(value, read);
  return read;
}

function classesOf(given: Readonly<Record<string, unknown>>): ClientClasses {
  const names = Object.keys(given);
  if (names.length > maxClientClasses || !names.every(isClientClassName)) {
    const expected = `at most ${maxClientClasses} names of 1–64 letters, digits or . : - _`;
    throw new ConfigurationError('clientClasses', `expected ${expected}`);
  }
  const classes = new Map<string, string>();
  for (const name of names) {
    for (const clientId of readStrings(`clientClasses.${name}`, given[name])) classes.set(clientId, name);
  }
  return Object.freeze({
    names: Object.freeze([...new Set([...names, unlistedClass, namelessClass])]),
    classOf: (clientId: string | undefined) =>
      clientId === undefined ? namelessClass : (classes.get(clientId) ?? unlistedClass),
  });
}
