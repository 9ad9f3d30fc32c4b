import type { Families, Opened } from '@revocast/issuer';
import { readRefreshCookie, refuseForeignSite, sendRefusal, setRefreshCookie } from '@revocast/issuer/express';
import express, { type Response, Router } from 'express';
import { parseAccountName } from './accounts.ts';
import type { Issuer } from './create-issuer.ts';
import { demoClient, lifetimes } from './provider-options.ts';

const client = demoClient.id;
const accessSeconds = lifetimes.accessToken;

/** A token endpoint without oidc-provider, for pages of the same site: the refresh token is in a cookie. */
export function createFamilyApp(families: Families, signAccessToken: Issuer['signAccessToken']): Router {
  const app = Router();
  app.use(refuseForeignSite());

  app.post('/login', express.urlencoded({ extended: false }), async (request, response) => {
    const subject = parseAccountName(request.body?.account);
    if (subject === undefined) {
      response.status(400).json({ error: 'invalid_request' });
      return;
    }
    await send(await families.open({ subject, client, accessSeconds }), response);
  });

  app.post('/refresh', async (request, response) => {
    const shown = await families.present(readRefreshCookie(request), { client, accessSeconds });
    if (shown.ok) await send(shown, response);
    else sendRefusal(response, shown);
  });

  async function send(opened: Opened, response: Response): Promise<void> {
    setRefreshCookie(response, opened);
    response.json({ access_token: await signAccessToken(opened.claims), expires_in: accessSeconds });
  }

  return app;
}
