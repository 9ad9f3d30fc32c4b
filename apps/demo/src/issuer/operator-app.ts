import express, { type Express } from 'express';
import { createMetricsApp } from '../telemetry/metrics-app.ts';
import type { OpenTelemetry } from '../telemetry/open-telemetry.ts';
import { traceRequests } from '../telemetry/trace-requests.ts';
import { parseAccountName } from './accounts.ts';
import type { Issuer } from './create-issuer.ts';
import type { SigningKey } from './signing-keys.ts';

/** The routes of operators, on a separate listener that clients of the issuer cannot reach. */
export function createOperatorApp(
  issuer: Issuer,
  newKey: () => Promise<SigningKey>,
  { metrics, tracer }: Pick<OpenTelemetry, 'metrics' | 'tracer'>,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(createMetricsApp(metrics));
  app.use(traceRequests(tracer));

  app.post('/keys', async (_request, response) => {
    const key = await newKey();
    issuer.rotateKey(key);
    response.status(201).json({ kid: key.kid });
  });

  app.post('/keys/:kid/leaked', async (request, response) => {
    await issuer.reportLeakedKey(request.params.kid);
    response.status(204).end();
  });

  app.post('/accounts/:name/sign-out-everywhere', async (request, response) => {
    const accountId = parseAccountName(request.params.name);
    if (accountId === undefined) {
      response.status(404).json({ error: 'no_such_account' });
      return;
    }
    await issuer.signOutEverywhere(accountId, 'admin');
    response.status(204).end();
  });

  return app;
}
