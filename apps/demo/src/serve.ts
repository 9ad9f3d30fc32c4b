import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OauthClient } from './client/oauth-client.ts';
import type { World } from './world/world.ts';

export interface ServeOptions {
  readonly world: World;
  /** An existing folder for the files with tokens. */
  readonly folder: string;
  readonly newBrowser: () => OauthClient;
  readonly write: (line: string) => void;
  readonly every: (ms: number, tick: () => void) => { stop: () => void };
}

/** Shorter than the lifetime of the tokens, 15 minutes. */
const renewEveryMs = 10 * 60_000;

/** Tokens for curl. Each file holds an `Authorization` header, so that no token is in the output or in a process list. */
export interface ServedTokens {
  readonly files: { readonly alice: string; readonly unscoped: string; readonly revoked: string };
  close(): Promise<void>;
}

/** Prints commands to try, and renews the tokens that they use. */
export async function serve(options: ServeOptions): Promise<ServedTokens> {
  const folder = await mkdtemp(join(options.folder, 'tokens-'));
  const files = {
    alice: join(folder, 'alice'),
    unscoped: join(folder, 'unscoped'),
    revoked: join(folder, 'revoked'),
  };
  await writeTokens(options, files);
  const timer = options.every(renewEveryMs, () => {
    // Fails during an outage that the user has caused. The next renewal follows.
    writeTokens(options, files).catch(() => undefined);
  });
  for (const line of describe(options.world, files)) options.write(line);
  return {
    files,
    async close() {
      timer.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeTokens({ world, newBrowser }: ServeOptions, files: ServedTokens['files']): Promise<void> {
  const save = (file: string, accessToken: string): Promise<void> =>
    writeFile(file, `Authorization: Bearer ${accessToken}\n`, { mode: 0o600 });
  const [alice, unscoped, mallory] = [
    await newBrowser().login('alice'),
    await newBrowser().login('bob', 'openid'),
    await newBrowser().login('mallory'),
  ];
  await Promise.all([
    save(files.alice, alice.accessToken),
    save(files.unscoped, unscoped.accessToken),
    save(files.revoked, mallory.accessToken),
  ]);
  await world.publisher.revokeToken(mallory.accessToken, { reason: 'admin' });
}

function describe(world: World, files: ServedTokens['files']): string[] {
  const [first] = world.replicas;
  const orders = `${first?.url}/orders`;
  const pids = world.processes().map(({ name, pid }) => `${name} ${pid}`);
  return [
    '',
    `issuer     ${world.issuerUrl}   its metrics: ${world.operatorUrl}/metrics`,
    ...world.replicas.map(({ name, url, sidecarUrl }) => `${name.padEnd(11)}${url}   its sidecar: ${sidecarUrl}`),
    'consoles   open one in a browser: freshness, lag, last revocations, and why a token was refused',
    ...world.replicas.map(({ name, consoleUrl }) => `           ${consoleUrl}   of ${name}`),
    `processes  ${pids.join(' · ')}`,
    '',
    'Try (each file holds an Authorization header, and only you can read it):',
    `  curl -i -H @${files.alice} ${orders}        # 200`,
    `  curl -i ${orders}        # 401 without an error code`,
    `  curl -i -H @${files.unscoped} ${orders}        # 403`,
    `  curl -i -H @${files.revoked} ${orders}        # 401 invalid_token`,
    'Sign alice out everywhere; after this her token gets 401:',
    `  curl -i -X POST ${world.operatorUrl}/accounts/alice/sign-out-everywhere`,
    `Kill the log (kill -9 ${world.source.pid()}); after five seconds good tokens get 503 with Retry-After.`,
    '',
    'Running until Ctrl-C.',
  ];
}
