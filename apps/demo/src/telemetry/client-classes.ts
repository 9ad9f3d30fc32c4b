import { demoClient } from '../issuer/provider-options.ts';

/** Client ids by class, for the label `client_class`. A label with client ids would create one series for each client. */
export const clientClasses = { spa: [demoClient.id] } as const;
