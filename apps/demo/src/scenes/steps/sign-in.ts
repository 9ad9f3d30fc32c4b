import type { Scene } from '../scene.ts';
import { callAll, haveStatus } from './call-api.ts';

export const signIn: Scene = {
  letter: 'a',
  name: 'sign-in',
  title: 'Tokens from a real OAuth flow are accepted by every replica',
  async play({ world, send, narrator, check, newBrowser }) {
    narrator.say('alice signs in with the authorization code flow with PKCE, with redirects and cookies over HTTP.');
    const client = newBrowser();
    const { accessToken, refreshToken } = await client.login('alice');
    const first = await callAll(send, world.replicas, accessToken);
    check(haveStatus(first, 200), `her access token gets 200 from all ${world.replicas.length} replicas`);

    const refreshed = await client.refresh(refreshToken);
    const second = refreshed.ok ? await callAll(send, world.replicas, refreshed.tokens.accessToken) : [];
    check(haveStatus(second, 200), 'her token after a refresh gets 200, too');

    const { accessToken: unscoped } = await newBrowser().login('alice', 'openid');
    const third = await callAll(send, world.replicas, unscoped);
    check(haveStatus(third, 403), 'a token without the scope orders:read gets 403');
    return { accepted: [...first, ...second].filter(({ status }) => status === 200).length };
  },
};
