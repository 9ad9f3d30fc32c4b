import { authOf, createVerifier, protect, requireScope } from '@revocast/middleware';
import express, { type Express } from 'express';
import { Registry } from 'prom-client';
import { clientClasses } from '../telemetry/client-classes.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';

export interface ApiOptions {
  readonly issuer: string;
  readonly audience: string;
  /** URL of the sidecar beside. */
  readonly feed: string;
  /** URL of the Redis to ask while the feed is not fresh; without one such requests get a 503. */
  readonly lookup: string | undefined;
  readonly telemetry: Pick<OpenTelemetry, 'api' | 'metrics'>;
}

/** An ordinary Express API: what Revocast adds is `protect` and `requireScope`. */
export function createApi({ issuer, audience, feed, lookup, telemetry }: ApiOptions): {
  app: Express;
  close: () => Promise<void>;
} {
  const registry = new Registry();
  const verifier = createVerifier({
    issuer,
    audience,
    // The demo's issuer is on loopback.
    dangerouslyAllowHttp: true,
    // So that the demo can show why a token was refused. An API that strangers call leaves this off.
    exposeReason: true,
    revocation: { feed, lookup },
    metrics: { registry },
    clientClasses,
    usage: { scopes: ['orders:read'] },
    openTelemetry: { api: telemetry.api },
  });

  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_request, response) => {
    response.json({ live: true });
  });
  app.get('/readyz', async (_request, response) => {
    // Otherwise the first token causes the fetch of the keys, and no client sends a token before the API is ready.
    await verifier.prefetch();
    const { ready } = verifier.status();
    response.status(ready ? 200 : 503).json({ ready });
  });
  app.get('/metrics', async (_request, response) => {
    response.type(registry.contentType).send(`${await registry.metrics()}\n${await telemetry.metrics()}`);
  });

  app.use(protect(verifier));
  app.get('/orders', requireScope('orders:read'), (request, response) => {
    response.json({ owner: authOf(request).subject, orders: [] });
  });
  return { app, close: () => verifier.close() };
}
