// The attacked API: `protect` behind the sidecar, with DPoP.
import { createVerifier, protect } from '@revocast/middleware';
import { Registry } from 'prom-client';
import { answerParent } from '../answer-parent.ts';
import { cpuUs } from '../cpu.ts';
import { readMessage, textIn } from '../message.ts';
import { serveOrders } from '../serve-orders.ts';
import { publicOrigin } from './attacks/keys.ts';

answerParent(async (order) => (order === 'cpu' ? { cpuUs: cpuUs() } : { port: await start(order) }));

async function start(order: unknown): Promise<number> {
  const message = readMessage(order);
  const verifier = createVerifier({
    issuer: textIn(message, 'issuer'),
    audience: textIn(message, 'audience'),
    dangerouslyAllowHttp: true,
    logger: null,
    metrics: { registry: new Registry() },
    dpop: { publicOrigin },
    revocation: { feed: textIn(message, 'feedUrl') },
  });
  if (!(await verifier.ready({ timeoutMs: 60_000 }))) throw new Error('the API did not become ready within a minute');
  return await serveOrders(protect(verifier));
}
