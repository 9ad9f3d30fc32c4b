import { resolveConfig } from '../../../apps/sidecar/src/config/resolve.ts';
import type { Decoder } from '../decoder.ts';

/** The configuration file of a sidecar. Each line that starts with `#` is an option of the command line instead. */
export const configuration: Decoder = {
  name: 'configuration',
  seeds: [
    'source: redis://localhost:6379\nmaxStalenessMs: 5000\nallowedHosts: [a.test, b.test]\nlogLevel: warn\n',
    '{"source":"memory:","dataListen":"unix:/run/a.sock","maxRules":10,"clientClasses":["web"]}',
    'source: &a memory:\nwriteTokenFile: *a\n#--drain-ms=15s\n#--admin-listen\n#[::1]:7472\n',
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode(input) {
    const text = input.toString('utf8');
    const argv = text.split('\n').flatMap((line) => (line.startsWith('#') ? [line.slice(1, 1000)] : []));
    const environment = { REVOCAST_MAX_READERS: text.slice(0, 20), [`REVOCAST_${text.slice(0, 12)}`]: text };
    const resolved = resolveConfig({ argv, environment, configFile: 'revocast.yaml', readFile: () => text });
    return resolved.ok ? resolved : undefined;
  },
};
