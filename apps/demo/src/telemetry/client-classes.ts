import { demoClient } from '../issuer/provider-options.ts';

/** Client ids by class, for the label `client_class`. A label with client ids would create one series for each client. */
export const clientClasses = { spa: [demoClient.id] } as const;

export type ClassOf = (clientId: string | undefined) => string;

/** As in the middleware: `other` for a client without a class, `unknown` without a client id. */
export function createClassOf(classes: Readonly<Record<string, readonly string[]>>): ClassOf {
  const known = new Map(Object.entries(classes).flatMap(([name, ids]) => ids.map((id) => [id, name])));
  return (clientId) => (clientId === undefined ? 'unknown' : (known.get(clientId) ?? 'other'));
}
