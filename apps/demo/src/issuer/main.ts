// The process of the authorization server.
import { randomBytes } from 'node:crypto';
import { createLifecycle } from '@revocast/issuer';
import { Registry } from 'prom-client';
import { portOf, required } from '../environment.ts';
import { listen } from '../listen.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { clientClasses } from '../telemetry/client-classes.ts';
import { followContext } from '../telemetry/context-manager.ts';
import { createMetricsApp } from '../telemetry/metrics-app.ts';
import { createOpenTelemetry } from '../telemetry/open-telemetry.ts';
import { readSpanProcessors } from '../telemetry/span-processors.ts';
import { createIssuer } from './create-issuer.ts';
import { createIssuedTokens } from './issued-tokens.ts';
import { openStore } from './open-store.ts';
import { createOperatorApp } from './operator-app.ts';
import { createPublicApp } from './public-app.ts';
import { createSigningKey, type SigningKey, saveSigningKey } from './signing-keys.ts';

const { env } = process;
const keyFolder = required(env, 'REVOCAST_DEMO_KEYS');
const tokenFile = env['REVOCAST_DEMO_LOG_TOKEN_FILE'];

const newKey = async (): Promise<SigningKey> => {
  const key = await createSigningKey();
  await saveSigningKey(keyFolder, key);
  return key;
};

followContext();
const telemetry = createOpenTelemetry({ spanProcessors: readSpanProcessors(env) });
const issuerUrl = required(env, 'REVOCAST_DEMO_ISSUER');
const { store, closeStore } = await openStore(env['REVOCAST_DEMO_POSTGRES']);
const registry = new Registry();
const issuedTokens = createIssuedTokens(Date.now);
const lifecycle = await createLifecycle({
  issuer: issuerUrl,
  log: required(env, 'REVOCAST_DEMO_LOG'),
  publisher: { tokenFile: tokenFile || undefined },
  store,
  // This process is the only node of the issuer.
  issuerSpreadSeconds: 0,
  openTelemetry: telemetry.api,
  metrics: { registry },
  clientClasses,
  countActive: async () => issuedTokens.countActive() + (await families.countActive()),
});
// Of one process that forgets its sessions when it ends. Elsewhere the secret is the same in all processes, and after a restart.
const families = lifecycle.families({ keys: [{ id: 1, secret: randomBytes(32) }] });
const issuer = createIssuer({
  issuer: issuerUrl,
  audience: required(env, 'REVOCAST_DEMO_AUDIENCE'),
  lifecycle,
  firstKey: await newKey(),
  cookieKeys: [randomBytes(32).toString('base64url')],
  issuedTokens,
  nowMs: Date.now,
  reportError: (error) => console.error(error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error'),
});

const host = env['REVOCAST_DEMO_HOST'] ?? '127.0.0.1';
const metrics = async (): Promise<string> => `${await telemetry.metrics()}${await registry.metrics()}`;
const operatorApp = createOperatorApp({ issuer, newKey, metrics, tracer: telemetry.tracer });
const operators = await listen(portOf(env, 'REVOCAST_DEMO_OPERATOR_PORT'));
operators.serve(operatorApp);
// Metrics without the operators' routes, for a Prometheus in another container, which cannot reach loopback here.
const scrapers = env['REVOCAST_DEMO_METRICS_PORT']
  ? await listen(portOf(env, 'REVOCAST_DEMO_METRICS_PORT'), host)
  : undefined;
scrapers?.serve(createMetricsApp(metrics));
const publicListener = await listen(portOf(env, 'REVOCAST_DEMO_PORT'), host);
publicListener.serve(createPublicApp(issuer, families, telemetry.tracer));

stopOnSignal(async () => {
  await Promise.all([publicListener.close(), operators.close(), scrapers?.close()]);
  await lifecycle.close();
  await closeStore();
});
