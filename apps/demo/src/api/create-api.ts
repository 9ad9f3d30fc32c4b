import { authOf, createVerifier, protect, requireScope } from '@revocast/middleware';
import express, { type Express } from 'express';
import { Registry } from 'prom-client';
import { clientClasses } from '../telemetry/client-classes.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';

export interface ApiOptions {
  readonly issuer: string;
  readonly audience: string;
  /** URL of the sidecar of this replica. */
  readonly feed: string;
  /** URL of the Redis for look-ups while the feed is not fresh. Without it, such requests get a 503. */
  readonly lookup: string | undefined;
  readonly telemetry: Pick<OpenTelemetry, 'api' | 'metrics'>;
}

/** An ordinary Express API with `protect` and `requireScope` of Revocast. */
export function createApi({ issuer, audience, feed, lookup, telemetry }: ApiOptions): {
  app: Express;
  close: () => Promise<void>;
} {
  const registry = new Registry();
  const verifier = createVerifier({
    issuer,
    audience,
    // The issuer of the demo listens on loopback.
    dangerouslyAllowHttp: true,
    // The demo shows why a token was refused. A public API leaves this off.
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
    // No client sends a token before the API is ready, so readiness must not depend on a fetch that a token causes.
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
