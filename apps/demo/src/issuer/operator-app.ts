import type { Tracer } from '@opentelemetry/api';
import type { OutcomeState } from '@revocast/issuer';
import express, { type Express } from 'express';
import { createMetricsApp } from '../telemetry/metrics-app.ts';
import { traceRequests } from '../telemetry/trace-requests.ts';
import { parseAccountName } from './accounts.ts';
import type { Issuer } from './create-issuer.ts';
import type { SigningKey } from './signing-keys.ts';

export interface OperatorAppOptions {
  readonly issuer: Issuer;
  readonly newKey: () => Promise<SigningKey>;
  /** All metrics in the Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly tracer: Tracer;
}

/** The routes of operators, on a separate listener that clients of the issuer cannot reach. */
export function createOperatorApp({ issuer, newKey, metrics, tracer }: OperatorAppOptions): Express {
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
    response.status(statusOf(await issuer.reportLeakedKey(request.params.kid))).end();
  });

  app.post('/accounts/:name/sign-out-everywhere', async (request, response) => {
    const accountId = parseAccountName(request.params.name);
    if (accountId === undefined) {
      response.status(404).json({ error: 'no_such_account' });
      return;
    }
    response.status(statusOf(await issuer.signOutEverywhere(accountId, 'operator'))).end();
  });

  return app;
}

/** 202: noted, and logged as soon as the log can be reached. */
function statusOf(state: OutcomeState): 202 | 204 {
  return state === 'logged' ? 204 : 202;
}
