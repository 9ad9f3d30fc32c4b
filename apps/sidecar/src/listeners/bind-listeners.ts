import { ConfigurationError } from '@revocast/denylist/replica';
import { type ListenAddress, parseListenAddress } from '../config/listen-address.ts';
import type { Config } from '../config/schema.ts';
import type { SidecarContext } from '../follow-source.ts';
import type { Probes } from '../health/probes.ts';
import type { ServedFeed } from '../serve-feed.ts';
import { adminRoutes, createAdminListener } from './admin-listener.ts';
import type { CertificateFiles } from './certificate.ts';
import { dataRoutes } from './check-request.ts';
import type { Credentials } from './credentials.ts';
import { createDataListener } from './data-listener.ts';
import { listen } from './listen.ts';

/** Connections of the data listener besides one request of each reader: publishers, relays and the console. */
export const otherConnections = 256;
/** Probes and scrapes are short: a few are open at the same time. */
export const adminConnections = 100;

interface BoundListeners {
  readonly dataUrl: string;
  readonly adminUrl: string;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

interface Served extends Pick<ServedFeed, 'feedServer' | 'console'> {
  readonly probes: Probes;
  readonly credentials: Credentials;
  readonly certificate: CertificateFiles | undefined;
}

/** Binds the data listener and the admin listener, or neither. @throws ConfigurationError when one cannot be bound. */
export async function bindListeners({ probes, ...served }: Served, context: SidecarContext): Promise<BoundListeners> {
  const { config, clock, telemetry, build } = context;
  const { allowedHosts, maxReaders } = config;
  const address = addressOf('dataListen', config);
  const adminAddress = addressOf('adminListen', config);
  const dataHandlers = createDataListener({ ...config, ...served, address });
  const adminApp = createAdminListener({
    probes,
    metrics: telemetry.exposition,
    version: build,
    address: adminAddress,
    allowedHosts,
  });
  const data = await listen(telemetry.countRequests(dataHandlers, dataRoutes), {
    clock,
    address,
    option: 'dataListen',
    certificate: served.certificate,
    maxConnections: maxReaders + otherConnections,
  });
  const admin = await listen(telemetry.countRequests({ request: adminApp }, adminRoutes), {
    clock,
    address: adminAddress,
    option: 'adminListen',
    maxConnections: adminConnections,
  }).catch(async (error: unknown) => {
    await data.close();
    throw error;
  });
  return {
    dataUrl: data.url,
    adminUrl: admin.url,
    async close() {
      await Promise.all([data.close(), admin.close()]);
    },
  };
}

function addressOf(option: 'dataListen' | 'adminListen', config: Config): ListenAddress {
  const address = parseListenAddress(config[option]);
  // The schema rejects such a text before; the check is for the type.
  if (address === undefined) throw new ConfigurationError(option, `expected an address; found ${config[option]}`);
  return address;
}
