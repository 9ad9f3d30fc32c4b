// The process of one API replica.
import { portOf, required } from '../environment.ts';
import { listen } from '../listen.ts';
import { stopOnSignal } from '../stop-on-signal.ts';
import { createOpenTelemetry } from '../telemetry/open-telemetry.ts';
import { readSpanProcessors } from '../telemetry/span-processors.ts';
import { createApi } from './create-api.ts';

const { env } = process;
const api = createApi({
  issuer: required(env, 'REVOCAST_DEMO_ISSUER'),
  audience: required(env, 'REVOCAST_DEMO_AUDIENCE'),
  feed: required(env, 'REVOCAST_FEED'),
  lookup: env['REVOCAST_LOOKUP'] || undefined,
  telemetry: createOpenTelemetry({ spanProcessors: readSpanProcessors(env) }),
});
const listener = await listen(portOf(env, 'REVOCAST_DEMO_PORT'), env['REVOCAST_DEMO_HOST'] ?? '127.0.0.1');
listener.serve(api.app);

stopOnSignal(() => Promise.all([listener.close(), api.close()]));
