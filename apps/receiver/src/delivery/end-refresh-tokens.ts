import { type Clock, withTimeout } from '@revocast/denylist/replica';
import type { EndRefreshTokens, HookUrl } from '../config/hooks.ts';
import type { PostJson } from '../streams/http-client.ts';

const timeoutMs = 10_000;

/** The hook of a source, with a limit of ten seconds. It rejects when the refresh tokens have not ended. */
export function createEndRefreshTokens(
  hook: HookUrl | EndRefreshTokens,
  { clock, post }: { readonly clock: Clock; readonly post: PostJson },
): EndRefreshTokens {
  const end = typeof hook === 'function' ? hook : endAtUrl(hook, post);
  return async (order) => {
    const ended = Promise.resolve(end(order)).then(() => true);
    if (await withTimeout(ended, { clock, timeoutMs, late: false })) return;
    throw new Error('the refresh tokens have not ended in time');
  };
}

/** `POST {source, subjects, client?}` → any status of 200 to 299. */
function endAtUrl({ url, bearerFile }: HookUrl, post: PostJson): EndRefreshTokens {
  return async ({ source, subjects, client }) => {
    const { status } = await post(url, { source, subjects, client }, { bearerFile, timeoutMs });
    if (status < 200 || status > 299) throw new Error(`the refresh tokens have not ended (status ${status})`);
  };
}
