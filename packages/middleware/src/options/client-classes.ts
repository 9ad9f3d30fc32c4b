import {
  isClientClassName,
  maxClientClasses,
  namelessClass,
  processWide,
  unlistedClass,
} from '@revocast/denylist/replica';
import { ConfigurationError } from '../errors.ts';
import { WeakMemo } from '../verifier/weak-memo.ts';
import { isGiven, readStrings, refuse } from './read-option.ts';

/** Returns the class of a client: one of the configured names, `other`, or `unknown` without a client id. */
export type ClassifyClient = (clientId: string | undefined) => string;

/** Clients by class, as they are counted. */
export interface ClientClasses {
  /** Every result of `classOf`. */
  readonly names: readonly string[];
  readonly classOf: ClassifyClient;
}

/** The same result for the same object: verifiers that share it are counted together. */
const known = processWide('middleware.client-classes.1', () => new WeakMemo<ClientClasses>());
const none = processWide('middleware.no-client-classes.1', () => ({}));

const nameBounds = `at most ${maxClientClasses} names of 1–64 letters, digits or . : - _`;
export const clientClassBounds = `an object with ${nameBounds}`;

/** @throws ConfigurationError */
export function readClientClasses(name: string, value: unknown = none): ClientClasses {
  if (!isGiven(value)) refuse(name, clientClassBounds, value);
  return known.get([value], () => {
    const names = Object.keys(value);
    if (names.length > maxClientClasses || !names.every(isClientClassName)) {
      throw new ConfigurationError(name, `expected ${nameBounds}`);
    }
    const classes = new Map(
      names.flatMap((each) => readStrings(`${name}.${each}`, value[each]).map((id) => [id, each])),
    );
    return Object.freeze({
      names: Object.freeze([...new Set([...names, unlistedClass, namelessClass])]),
      classOf: (clientId: string | undefined) =>
        clientId === undefined ? namelessClass : (classes.get(clientId) ?? unlistedClass),
    });
  });
}
