import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { createPublisher, type Publisher } from '@revocast/denylist';
import { createSigner } from '@revocast/test-support';
import { Registry } from 'prom-client';
import * as one from '../src/index.ts';

jest.resetModules();
const other: typeof one = await import('../src/index.ts');

const opened: (one.Verifier | Publisher)[] = [];
afterAll(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const signer = await createSigner();
const options = { issuer: signer.issuer, audience: 'https://api.test', jwks: signer.jwks, logger: null };

function create(copy: typeof one, more: object): one.Verifier {
  const verifier = copy.createVerifier({ ...options, ...more });
  opened.push(verifier);
  return verifier;
}

describe('two copies of this package in one process', () => {
  it('are two', () => {
    expect(other.createVerifier).not.toBe(one.createVerifier);
  });

  it('follow a feed once', async () => {
    const { feed } = await publish();
    let connections = 0;
    const counted = {
      name: 'counted',
      connect(...given: Parameters<typeof feed.connect>) {
        connections += 1;
        return feed.connect(...given);
      },
    };
    const verifiers = [one, other].map((copy) => create(copy, { revocation: { feed: counted } }));
    for (const verifier of verifiers) expect(await verifier.ready({ timeoutMs: 5000 })).toBe(true);
    expect(connections).toBe(1);
  });

  it('accept a nonce of each other, and a DPoP proof once', async () => {
    const { processDependencies } = await import('../src/verifier/process-dependencies.ts');
    jest.resetModules();
    const copy = await import('../src/verifier/process-dependencies.ts');
    expect(copy.processDependencies).not.toBe(processDependencies);
    expect(copy.processDependencies()).toBe(processDependencies());
  });

  it('take the verifier, the admission and the errors of each other', async () => {
    const verifier = create(other, { revocation: null });
    const request = { headers: { authorization: `Bearer ${await signer.sign()}` } };
    await new Promise<void>((resolve) => void one.protect(verifier)(request as never, {} as never, () => resolve()));
    expect(other.authOf(request)).toBe(one.authOf(request));
    const error = await new Promise(
      (resolve) =>
        void other.protect(verifier, { forwardErrors: true })({ headers: {} } as never, {} as never, resolve),
    );
    expect(error).toBeInstanceOf(one.TokenError);
  });

  it('count usage together on one registry', async () => {
    const registry = new Registry();
    const usage = { scopes: ['read'] };
    const more = { revocation: null, metrics: { registry }, usage };
    const verifiers = [one, other].map((copy) => create(copy, more));
    const authorization = `Bearer ${await signer.sign({ scope: 'read' })}`;
    for (const verifier of verifiers) await verifier.verify({ headers: { authorization } });
    expect(await registry.metrics()).toContain('revocast_usage_scope_requests_total{scope="read",use="granted"} 2');
  });
});

/** State that a copy may have for itself: caches and constants. The copies behave the same with it as without it. */
const perCopy = new Set([
  'sharedByKey',
  'explainedChecks',
  'quickSchemes',
  'bytesByCurve',
  'byKeyKind',
  'hostOffsetMs',
  'drawnKey',
  'noReply',
  'bootId',
  'takenBytes',
  'optionsOfOtherLibraries',
  'slab',
  'usedWords',
  'lastDimensions',
  'lastQuoted',
  'fieldOfClaim',
]);

it.each(['denylist', 'middleware'])('no other state of a module exists once for each copy: %s', (name) => {
  const root = fileURLToPath(new URL(`../../${name}/src`, import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const state =
    /^(?:export )?(?:let (\w+)|const (\w+)[^=\n]*= (?:new (?:Weak)?(?:Map|Set|Memo|Ref)\b|Symbol\(|\{\};))/gm;
  const found = files.flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(state)].map(
      ([, variable, constant]) => variable ?? constant ?? '',
    ),
  );
  expect(found.filter((each) => !perCopy.has(each))).toEqual([]);
});

async function publish() {
  const publisher = await createPublisher('memory:');
  opened.push(publisher);
  return publisher;
}
