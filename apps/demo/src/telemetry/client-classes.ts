import { demoClient } from '../issuer/provider-options.ts';

/** Class → its client ids, for the attribute `client_class`: client ids themselves would be as many series as there are clients. */
export const clientClasses = { spa: [demoClient.id] } as const;

export type ClassOf = (clientId: string | undefined) => string;

/** As the middleware has it: `other` for a client in no class, `unknown` for a token that names no client. */
export function createClassOf(classes: Readonly<Record<string, readonly string[]>>): ClassOf {
  const known = new Map(Object.entries(classes).flatMap(([name, ids]) => ids.map((id) => [id, name])));
  return (clientId) => (clientId === undefined ? 'unknown' : (known.get(clientId) ?? 'other'));
}
