import type { Tracer } from '@opentelemetry/api';
import type { Families } from '@revocast/issuer';
import express, { type Express } from 'express';
import { traceRequests } from '../telemetry/trace-requests.ts';
import { parseAccountName } from './accounts.ts';
import type { Issuer } from './create-issuer.ts';
import { createFamilyApp } from './family-app.ts';

/** The routes for browsers and clients: OAuth, the login page, "sign out everywhere" and, below `/family`, refresh families. */
export function createPublicApp(issuer: Issuer, families: Families, tracer: Tracer): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(traceRequests(tracer));

  app.get('/livez', (_request, response) => {
    response.json({ live: true });
  });

  app.get('/interaction/:uid', async (request, response) => {
    const { params } = await issuer.provider().interactionDetails(request, response);
    const accountId = parseAccountName(params['login_hint']);
    if (accountId === undefined) {
      response.status(400).type('text').send('Start the login with a login_hint, for example login_hint=alice.\n');
      return;
    }
    await issuer.provider().interactionFinished(request, response, { login: { accountId } });
  });

  // The account comes from the session cookie, never from a parameter of the request.
  app.post('/sign-out-everywhere', async (request, response) => {
    const provider = issuer.provider();
    const session = await provider.Session.get(provider.createContext(request, response));
    if (session.accountId === undefined) {
      response.status(401).json({ error: 'login_required' });
      return;
    }
    const state = await issuer.signOutEverywhere(session.accountId, 'self-service');
    // 202: signed out here, and at the APIs as soon as the log can be reached.
    response.status(state === 'logged' ? 204 : 202).end();
  });

  app.use('/family', createFamilyApp(families, issuer.signAccessToken));
  app.use(issuer.handleOauth);
  return app;
}
