// The authorization server as a process of its own.
import { randomBytes } from 'node:crypto';
import { createPublisher } from '@revocast/denylist';
import { portOf, required } from '../environment.ts';
import { listen } from '../listen.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { createIssuer } from './create-issuer.ts';
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

const publisher = await createPublisher(required(env, 'REVOCAST_DEMO_LOG'), tokenFile ? { tokenFile } : {});
const issuer = createIssuer({
  issuer: required(env, 'REVOCAST_DEMO_ISSUER'),
  audience: required(env, 'REVOCAST_DEMO_AUDIENCE'),
  publisher,
  firstKey: await newKey(),
  cookieKeys: [randomBytes(32).toString('base64url')],
  nowMs: Date.now,
  reportError: (error) => console.error(error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error'),
});

const host = env['REVOCAST_DEMO_HOST'] ?? '127.0.0.1';
const operatorApp = createOperatorApp(issuer, newKey);
const operators = await listen(portOf(env, 'REVOCAST_DEMO_OPERATOR_PORT'));
operators.serve(operatorApp);
const everybody = await listen(portOf(env, 'REVOCAST_DEMO_PORT'), host);
everybody.serve(createPublicApp(issuer));

stopOnSignal(() => Promise.all([everybody.close(), operators.close(), publisher.close()]));
