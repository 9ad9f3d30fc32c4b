import { type Clock, ConfigurationError } from '@revocast/denylist/replica';
import {
  type CertificateFiles,
  createAdminListener,
  type ListenAddress,
  listen,
  parseListenAddress,
} from '@revocast/sidecar/service';
import type { ReceiverConfig } from '../config/receiver-options.ts';
import { build } from '../version.ts';
import { createRoutes, type Route } from './routes.ts';

const dataConnections = 1024;
const adminConnections = 100;

interface Parts {
  readonly config: ReceiverConfig;
  readonly clock: Clock;
  readonly routes: ReadonlyMap<string, Route>;
  readonly certificate: CertificateFiles | undefined;
  readonly isStopping: () => boolean;
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
}

/** Binds the listener for messages and that for probes, or neither. @throws ConfigurationError when one cannot be bound. */
export async function bindListeners({ config, clock, routes, certificate, isStopping, metrics }: Parts) {
  const alive = () => ({ ok: true, check: 'event_loop' });
  const address = addressOf('adminListen', config);
  const admin = createAdminListener({
    address,
    allowedHosts: config.allowedHosts,
    version: build,
    metrics,
    probes: {
      startup: alive,
      live: alive,
      // Ready while the log is down too: what arrives is then spooled, or the answer is 503, and it is sent again.
      ready: () => (isStopping() ? { ok: false, check: 'stopping' } : { ok: true, check: 'listening' }),
    },
  });
  const data = await listen(
    { request: createRoutes(routes, clock) },
    {
      clock,
      address: addressOf('dataListen', config),
      option: 'dataListen',
      certificate,
      maxConnections: dataConnections,
    },
  );
  const probes = await listen(
    { request: admin },
    { clock, address, option: 'adminListen', maxConnections: adminConnections },
  ).catch(async (error: unknown) => {
    await data.close();
    throw error;
  });
  return {
    dataUrl: data.url,
    adminUrl: probes.url,
    async close() {
      await Promise.all([data.close(), probes.close()]);
    },
  };
}

function addressOf(option: 'dataListen' | 'adminListen', config: ReceiverConfig): ListenAddress {
  const address = parseListenAddress(config[option]);
  // The kind of the option rejects such a text before; the check is for the type.
  if (address === undefined) throw new ConfigurationError(option, 'expected an address, found another text');
  return address;
}
