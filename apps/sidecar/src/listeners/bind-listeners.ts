import { ConfigurationError } from '@revocast/denylist/replica';
import { type ListenAddress, parseListenAddress } from '../config/listen-address.ts';
import type { Config } from '../config/schema.ts';
import type { SidecarContext } from '../follow-source.ts';
import type { Probes } from '../health/probes.ts';
import type { ServedFeed } from '../serve-feed.ts';
import { adminRoutes, createAdminListener } from './admin-listener.ts';
import { dataRoutes } from './check-request.ts';
import type { Credentials } from './credentials.ts';
import { createDataListener } from './data-listener.ts';
import { listen } from './listen.ts';

interface BoundListeners {
  readonly dataUrl: string;
  readonly adminUrl: string;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

interface Served extends Pick<ServedFeed, 'feedServer' | 'console'> {
  readonly probes: Probes;
  readonly credentials: Credentials;
}

/** Binds the data listener and the admin listener, or neither. @throws ConfigurationError when one cannot be bound. */
export async function bindListeners({ probes, ...served }: Served, context: SidecarContext): Promise<BoundListeners> {
  const { config, telemetry, build } = context;
  const address = addressOf('dataListen', config);
  const dataHandlers = createDataListener({ ...config, ...served, address });
  const adminApp = createAdminListener({ probes, metrics: telemetry.exposition, version: build });
  const data = await listen(telemetry.countRequests(dataHandlers, dataRoutes), address, 'dataListen');
  const adminHandlers = telemetry.countRequests({ request: adminApp }, adminRoutes);
  const admin = await listen(adminHandlers, addressOf('adminListen', config), 'adminListen').catch(
    async (error: unknown) => {
      await data.close();
      throw error;
    },
  );
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
