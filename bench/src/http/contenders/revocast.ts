import type { Contender } from './contender.ts';

export const revocast: Contender = {
  name: 'revocast',
  about: 'revocation checked, metrics on, token cache on',
  async prepare({ issuer, audience, feedUrl }) {
    const { createVerifier, protect } = await import('@revocast/middleware');
    const { Registry } = await import('prom-client');
    const verifier = createVerifier({
      issuer,
      audience,
      dangerouslyAllowHttp: true,
      logger: null,
      metrics: { registry: new Registry() },
      revocation: { feed: feedUrl, maxRules: 20_000_000 },
    });
    if (!(await verifier.ready({ timeoutMs: 300_000 }))) throw new Error('the denylist did not become fresh');
    return protect(verifier);
  },
};
