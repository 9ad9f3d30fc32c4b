import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readNode } from '../run.mjs';
import { secondsSince } from './compiler.mjs';

/** The workspaces whose code each process runs. */
const runs = {
  sidecar: ['packages/denylist', 'apps/sidecar'],
  api: ['packages/denylist', 'packages/middleware', 'apps/demo'],
};
const audience = 'https://api.example.com';
/** Shorter than the lifetime of an access token of the demo, 15 minutes. */
const renewEveryMs = 10 * 60_000;
/** A process that has not ended after this time is killed. */
const graceMs = 3000;

/**
 * Starts the log, the issuer, the sidecar and the API, and prints their addresses.
 *
 * @param closers receives a function for each part when it runs, so that an interrupted start ends it, too.
 */
export async function startProcesses({ root, folder, ports, source, closers, say }) {
  const load = (path) => import(pathToFileURL(join(root, path)).href);
  const { supervise } = await load('test-support/dist/supervisor.js');
  const { apiProcess, issuerProcess, sidecarProcess } = await load('apps/demo/dist/world/processes.js');
  const start = async (options) => {
    const process = await supervise({
      ...options,
      readyTimeoutMs: 30_000,
      stdio: (line) => say(`[${options.name}] ${line}`),
    });
    closers.push(() => process.stop({ graceMs }));
    return process;
  };

  const feed = `http://127.0.0.1:${ports.data}`;
  const issuerUrl = `http://127.0.0.1:${ports.issuer}`;
  const log = await startLog({ root, load, source, folder, feed, closers, say });
  const sidecar = await start({ ...sidecarProcess(0, ports, log.sidecarOptions), restart: true });
  const issuer = await start(
    issuerProcess({
      issuerUrl,
      issuerPort: ports.issuer,
      operatorPort: ports.operator,
      audience,
      keyFolder: join(folder, 'keys'),
      log,
    }),
  );
  const api = await start({
    ...apiProcess(0, { port: ports.api, issuerUrl, audience, feed, lookup: log.lookup }),
    restart: true,
  });
  const renewToken = await keepToken({ load, issuerUrl, file: join(folder, 'alice'), closers, say });

  say(`
log      ${log.description}
issuer   ${issuerUrl}   process ${issuer.pid}
sidecar  ${feed}   probes, metrics and console: http://127.0.0.1:${ports.admin}   process ${sidecar.pid}
api      http://127.0.0.1:${ports.api}   process ${api.pid}

A request with a token of alice, and the revocation of all her tokens:
  curl -i -H @${join(folder, 'alice')} http://127.0.0.1:${ports.api}/orders
  curl -i -X POST http://127.0.0.1:${ports.operator}/accounts/alice/sign-out-everywhere`);

  return {
    /** Restarts the processes that run code of these workspaces; resolves when they are ready or have failed. */
    async restart(workspaces) {
      const chosen = Object.entries({ sidecar, api })
        .filter(([name]) => runs[name].some((path) => workspaces.includes(path)))
        .map(([, process]) => process);
      if (chosen.length === 0) return say('nothing to restart');
      const startedAt = performance.now();
      const results = await Promise.allSettled(chosen.map(restartOne));
      const failed = results.filter(({ status }) => status === 'rejected');
      for (const { reason } of failed)
        say(`${reason.message}\nThe process is restarted until it is ready or a file changes.`);
      if (failed.length > 0) return;
      const names = chosen.map(({ name, pid }) => `${name} (process ${pid})`);
      say(`restarted ${names.join(' and ')} in ${secondsSince(startedAt)} s`);
      await renewToken();
    },
  };
}

async function restartOne(process) {
  const kill = setTimeout(() => process.kill('SIGKILL'), graceMs);
  await process.kill('SIGTERM');
  clearTimeout(kill);
  await process.whenReady();
}

/** Starts the log. `url` and `tokenFile` of the result are for the issuer, which publishes revocations. */
async function startLog({ root, load, source, folder, feed, closers, say }) {
  const { startRedisLog } = await load('apps/demo/dist/world/redis-log.js');
  const redis = source === 'redis' ? await startRedisLog(say) : undefined;
  if (redis !== undefined) {
    closers.push(() => redis.stop());
    const { url, lookup } = redis;
    const description = `${redis.source.description} at ${url}   process ${redis.source.pid()}`;
    return { description, url, lookup, sidecarOptions: redis.sidecarOptions() };
  }
  if (source === 'redis') say('No Redis server was found: the sidecar keeps the log in a file.');
  const { writeTokenFile } = await load('apps/demo/dist/world/write-token-file.js');
  const tokenFile = await writeTokenFile(join(folder, 'sidecar-write-token'));
  const file = join(folder, 'log');
  // A file, because a log in memory loses every revocation when the sidecar restarts.
  const url = `file:${file}`;
  // Without `init` a new log looks like a lost log, and the sidecar waits for 15 s.
  const init = await readNode(join(root, 'apps/sidecar/dist/main.cjs'), ['init', '--source', url]);
  if (init.status !== 0) throw new Error(`revocast-sidecar init failed:\n${init.stderr}`);
  return { description: file, url: feed, tokenFile, sidecarOptions: { source: url, 'write-token-file': tokenFile } };
}

/** Writes a valid token to a file, as a header for curl, and renews it. @returns a function that renews it immediately. */
async function keepToken({ load, issuerUrl, file, closers, say }) {
  const [{ createOauthClient }, { createSendRequest }, { demoClient }] = await Promise.all(
    ['client/oauth-client', 'client/send-request', 'issuer/provider-options'].map((name) =>
      load(`apps/demo/dist/${name}.js`),
    ),
  );
  const { send, close } = createSendRequest();
  const renew = async () => {
    const { id: clientId, redirectUri, signedOutUri } = demoClient;
    const browser = createOauthClient({ issuer: issuerUrl, clientId, redirectUri, signedOutUri, send });
    const { accessToken } = await browser.login('alice');
    await writeFile(file, `Authorization: Bearer ${accessToken}\n`, { mode: 0o600 });
  };
  await renew();
  const renewLater = () => renew().catch((error) => say(`The token in ${file} was not renewed: ${error.message}`));
  const timer = setInterval(renewLater, renewEveryMs);
  closers.push(() => clearInterval(timer), close);
  return renewLater;
}
