import { createPublisher } from '@revocast/denylist';
import { createVerifier, type Verifier } from '@revocast/middleware';
import { createSigner } from '@revocast/test-support';
import { Registry } from 'prom-client';
import type { Figure } from '../report/figure.ts';
import { differences, type Summary, summarize } from '../report/statistics.ts';
import { settledBytes } from './memory.ts';

export interface VerifyOptions {
  readonly tokens: number;
  readonly verifications: number;
  readonly passes: number;
}

type Request = Parameters<Verifier['verify']>[0];

/** Measures `verify()` without HTTP: CPU time warm, CPU time of metrics, and bytes of a cached token. */
export async function verifyFigures({ tokens, verifications, passes }: VerifyOptions): Promise<Figure[]> {
  const signer = await createSigner();
  const texts: string[] = [];
  for (let index = 0; index < tokens; index++) {
    texts.push(await signer.sign({ sid: `session-${index}`, sub: `user-${index}` }, { expiresInSeconds: 6 * 3600 }));
  }
  const feed = await createPublisher('memory:');
  const common = {
    issuer: signer.issuer,
    jwks: signer.jwks,
    audience: 'https://api.test',
    revocation: { feed },
    tokenCache: { maxEntries: tokens },
    logger: null,
  };
  const [off, on] = [createVerifier(common), createVerifier({ ...common, metrics: { registry: new Registry() } })];
  for (const verifier of [off, on]) {
    if (!(await verifier.ready({ timeoutMs: 10_000 }))) throw new Error('a verifier was not ready');
  }
  const before = settledBytes();
  for (const text of texts) await accept(off, requestWith(text));
  const bytesAfterOneUse = (settledBytes() - before) / tokens;
  for (const text of texts) await accept(off, requestWith(text));
  const bytesEach = (settledBytes() - before) / tokens;
  const live = texts.slice(0, 1000).map(requestWith);
  // Fills the cache of the other verifier equally, because a larger cache has more misses of the CPU caches.
  for (const text of [...texts, ...texts]) await accept(on, requestWith(text));
  const [offUs, onUs]: [number[], number[]] = [[], []];
  for (let pass = -1; pass < passes; pass++) {
    for (const [verifier, list] of [
      [off, offUs],
      [on, onUs],
    ] as const) {
      const us = cpuOf(verifier, live, verifications);
      if (pass >= 0) list.push(us);
      // Lets the event loop run, so that the replica receives proofs of freshness.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  await Promise.all([off.close(), on.close(), feed.close()]);
  const figure = (name: string, value: Summary): Figure => ({ name, unit: 'us CPU', value });
  return [
    figure('verify() warm, metrics off', summarize(offUs)),
    figure('verify() warm, metrics on', summarize(onUs)),
    figure('metrics alone', summarize(differences(onUs, offUs))),
    { name: 'bytes a cached token, used once', unit: 'bytes', value: summarize([bytesAfterOneUse]) },
    { name: 'bytes a cached token, used again', unit: 'bytes', value: summarize([bytesEach]) },
  ];
}

/** A request as Node creates it. */
function requestWith(token: string): Request {
  const authorization = `Bearer ${token}`;
  return {
    method: 'GET',
    url: '/orders',
    headers: { host: 'bench', authorization },
    rawHeaders: ['Host', 'bench', 'Authorization', authorization],
  };
}

async function accept(verifier: Verifier, request: Request): Promise<void> {
  const { outcome } = await verifier.verify(request);
  if (outcome !== 'accepted') throw new Error(`expected the outcome accepted, found ${outcome}`);
}

/** Microseconds of CPU time for each verification, with garbage collection on other threads. */
function cpuOf(verifier: Verifier, requests: readonly Request[], verifications: number): number {
  const before = process.cpuUsage();
  let accepted = 0;
  for (let count = 0; count < verifications; count++) {
    const decision = verifier.verify(requests[count % requests.length] ?? { headers: {} });
    if (!(decision instanceof Promise) && decision.outcome === 'accepted') accepted += 1;
  }
  const { user, system } = process.cpuUsage(before);
  if (accepted !== verifications) throw new Error(`${verifications - accepted} verifications were not warm`);
  return (user + system) / verifications;
}
