import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SuperviseOptions } from '@revocast/test-support/supervisor';
import { clientClasses } from '../telemetry/client-classes.ts';
import type { SidecarPorts, StartedLog } from './started-log.ts';

const demo = dirname(dirname(fileURLToPath(import.meta.url)));
const sidecarScript = join(
  dirname(createRequire(import.meta.url).resolve('@revocast/sidecar/package.json')),
  'dist/main.cjs',
);

export interface IssuerProcess {
  readonly issuerUrl: string;
  readonly issuerPort: number;
  readonly operatorPort: number;
  readonly audience: string;
  readonly keyFolder: string;
  readonly log: Pick<StartedLog, 'url' | 'tokenFile'>;
  /** Where revocations wait for the log; undefined: in the memory of the process. */
  readonly postgresUrl: string | undefined;
}

export function issuerProcess(options: IssuerProcess): SuperviseOptions {
  const { issuerUrl, issuerPort, operatorPort, audience, keyFolder, log, postgresUrl } = options;
  return {
    name: 'issuer',
    script: join(demo, 'issuer/main.js'),
    env: {
      ...withoutOwn(process.env),
      REVOCAST_DEMO_ISSUER: issuerUrl,
      REVOCAST_DEMO_PORT: String(issuerPort),
      REVOCAST_DEMO_OPERATOR_PORT: String(operatorPort),
      REVOCAST_DEMO_AUDIENCE: audience,
      REVOCAST_DEMO_KEYS: keyFolder,
      REVOCAST_DEMO_LOG: log.url,
      REVOCAST_DEMO_LOG_TOKEN_FILE: log.tokenFile,
      REVOCAST_DEMO_POSTGRES: postgresUrl,
    },
    ready: { url: `${issuerUrl}/livez` },
  };
}

export interface ApiProcess {
  readonly port: number;
  readonly issuerUrl: string;
  readonly audience: string;
  readonly feed: string;
  readonly lookup: string | undefined;
}

export function apiProcess(index: number, { port, issuerUrl, audience, feed, lookup }: ApiProcess): SuperviseOptions {
  return {
    name: `api-${index + 1}`,
    script: join(demo, 'api/main.js'),
    env: {
      ...withoutOwn(process.env),
      REVOCAST_DEMO_ISSUER: issuerUrl,
      REVOCAST_DEMO_AUDIENCE: audience,
      REVOCAST_DEMO_PORT: String(port),
      REVOCAST_FEED: feed,
      REVOCAST_LOOKUP: lookup,
    },
    ready: { url: `http://127.0.0.1:${port}/readyz` },
  };
}

/** @param options further options of the sidecar, by flag. */
export function sidecarProcess(
  index: number,
  ports: SidecarPorts,
  options: Readonly<Record<string, string>>,
): SuperviseOptions {
  const flags = {
    'data-listen': `127.0.0.1:${ports.data}`,
    'admin-listen': `127.0.0.1:${ports.admin}`,
    // All processes of the demo end together, so readers need no drain.
    'drain-ms': '0',
    'client-classes': Object.keys(clientClasses).join(','),
    'log-level': 'warn',
    ...options,
  };
  return {
    name: `sidecar-${index + 1}`,
    script: sidecarScript,
    args: Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
    env: withoutOwn(process.env),
    ready: { url: `http://127.0.0.1:${ports.admin}/readyz` },
    restart: true,
  };
}

/** Removes the variables of the demo for the processes that it starts: the sidecar rejects unknown variables. */
function withoutOwn(environment: NodeJS.ProcessEnv): Record<string, undefined> {
  const own = Object.keys(environment).filter((name) => name.startsWith('REVOCAST_'));
  return Object.fromEntries(own.map((name) => [name, undefined]));
}
