import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { isUnavailable, type Reason, specOf } from '../../src/errors.ts';
import { authOf } from '../../src/express/auth-of.ts';
import { requireAnyScope, requireClaims, requireScope, requireStepUp } from '../../src/express/guards.ts';
import type { Handler } from '../../src/express/handler.ts';
import { protect } from '../../src/express/protect.ts';
import { signatureAlgorithms } from '../../src/jwks/verification-key.ts';
import { type Bench, buildBenches, requestOf } from '../verification-bench.ts';
import { type BenchName, type GuardName, type Row, rows } from '../verification-table.ts';
import { expressVersions } from './versions.ts';

const guards: Readonly<Record<GuardName, Handler>> = {
  scope: requireScope('orders:read', 'orders:write'),
  'any scope': requireAnyScope('orders:read', 'orders:write'),
  claims: requireClaims({ plan: 'gold' }),
  acr: requireStepUp({ acr: ['phr', 'phrh'] }),
  recent: requireStepUp({ maxAgeSeconds: 300 }),
};

describe.each(expressVersions)('an API on %s', (_version, express) => {
  const registry = new Registry();
  const logged: string[] = [];
  const logger = { info: (line: string) => void logged.push(line), warn: (line: string) => void logged.push(line) };
  const servers = new Map<BenchName, Server>();
  const tokens: string[] = [];
  let benches: ReadonlyMap<BenchName, Bench>;

  beforeAll(async () => {
    benches = await buildBenches({ metrics: { registry }, logger, exposeReason: true, realm: 'api' });
    for (const [name, { verifier }] of benches) {
      const app = express();
      app.use(protect(verifier));
      for (const [guard, handler] of Object.entries(guards)) app.use(`/${encodeURIComponent(guard)}`, handler);
      app.use((request, response) => void response.json({ subject: authOf(request).subject }));
      const server = createServer(app);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      servers.set(name, server);
    }
  });

  afterAll(async () => {
    for (const server of servers.values()) await new Promise((resolve) => server.close(resolve));
    await Promise.all([...benches.values()].map(({ verifier }) => verifier.close()));
  });

  async function send(row: Row) {
    const { token, proof, fields, query } = requestOf(row);
    tokens.push(token, ...(proof === undefined ? [] : [proof]));
    const { port } = servers.get(row.bench ?? 'plain')!.address() as AddressInfo;
    const path = `/${row.guard === undefined ? '' : encodeURIComponent(row.guard)}?${query}`;
    const request = supertest(`http://127.0.0.1:${port}`).get(path);
    const byName = new Map<string, string[]>();
    for (const [name, value] of fields) byName.set(name, [...(byName.get(name) ?? []), value]);
    for (const [name, values] of byName) request.set(name, values.length === 1 ? values[0]! : (values as never));
    const response = await request;
    const visible = JSON.stringify(response.headers) + response.text;
    const runs = runsOf(visible);
    for (const secret of [token, proof ?? '']) expect(shared(secret, runs)).toBeUndefined();
    return response;
  }

  it.each(rows.map((row) => [row.bench ?? 'plain', row.guard ?? 'no guard', row.sends, row.reason, row] as const))(
    '(%s, %s) answers %s with %s',
    async (_bench, _guard, _sends, reason, row) => {
      const { status, body, headers } = await send(row);
      if (reason === 'none') {
        expect(status).toBe(200);
        expect(body.subject).toEqual(expect.any(String));
        return;
      }
      // A test compares the table with docs/errors.md, so a change here needs a change there.
      const { status: expectedStatus, error } = specOf(reason);
      expect({ status, reason: body.reason }).toEqual({ status: expectedStatus, reason });
      const challenge = headers['www-authenticate'];
      if (isUnavailable(reason)) {
        expect(challenge).toBeUndefined();
        const seconds = { 429: /^\d{1,2}$/, 503: /^[1-5]$/, 500: undefined }[status];
        expect(headers['retry-after']).toEqual(seconds && expect.stringMatching(seconds));
        return;
      }
      expect(headers['retry-after']).toBeUndefined();
      const [first, second] = challengesOf(row, reason);
      if (error === undefined) {
        expect(challenge).toBe([first, second].filter((text) => text !== '').join(', '));
        expect(body.error).toBeUndefined();
        return;
      }
      const [scheme, ...algs] = first.split(' realm="api"');
      const described = `${scheme} realm="api", error="${error}", error_description="[A-Za-z ,-]+"`;
      expect(challenge).toMatch(new RegExp(`^${described}(, (scope|acr_values|max_age)="[^"]*")*${algs}`));
      expect(challenge?.endsWith(second)).toBe(true);
      expect(body.error).toBe(error);
      // RFC 9449 §8: only the answer to a missing or old nonce carries one.
      expect(headers['dpop-nonce']).toEqual(
        reason === 'dpop_nonce' ? expect.stringMatching(/^\w+\.[\w-]{22}$/) : undefined,
      );
    },
  );

  it('names in the challenge what a guard requires, and nothing from the token', async () => {
    const challengeOf = async (guard: GuardName) =>
      (await send({ sends: '', reason: 'none', guard })).headers['www-authenticate'];
    expect(await challengeOf('scope')).toMatch(/, scope="orders:read orders:write"$/);
    expect(await challengeOf('acr')).toMatch(/, acr_values="phr phrh"$/);
    expect(await challengeOf('recent')).toMatch(/, max_age="300"$/);
    expect(await challengeOf('claims')).not.toContain('gold');
  });

  it('writes no part of a token to logs and metrics', async () => {
    const visible = logged.join('\n') + (await registry.metrics());
    expect(visible).toContain(
      'revocast_verifications_total{outcome="rejected",reason="bad_signature",issuer="issuer.test"}',
    );
    const runs = runsOf(visible);
    for (const token of new Set(tokens)) expect(shared(token, runs)).toBeUndefined();
  });
});

const bearer = 'Bearer realm="api"';
const dpop = `DPoP realm="api", algs="${signatureAlgorithms.join(' ')}"`;

/** The challenge of the scheme in use, and that of the other scheme where it is accepted. */
function challengesOf({ bench = 'plain', authorization }: Row, reason: Reason): [string, string] {
  if (bench === 'proofs only') return [dpop, ''];
  if (!bench.startsWith('proofs') && bench !== 'slow checks busy') return [bearer, ''];
  const used = reason.startsWith('dpop_') || /^dpop/i.test(String(authorization));
  return used ? [dpop, bearer] : [bearer, dpop];
}

const runLength = 12;

/** Every run of 12 characters of a text. */
function runsOf(text: string): ReadonlySet<string> {
  const runs = new Set<string>();
  for (let at = 0; at + runLength <= text.length; at++) runs.add(text.slice(at, at + runLength));
  return runs;
}

/** The first run of a secret that is among those of a text; undefined when there is none. */
function shared(secret: string, runs: ReadonlySet<string>): string | undefined {
  for (let at = 0; at + runLength <= secret.length; at++) {
    const run = secret.slice(at, at + runLength);
    if (runs.has(run)) return run;
  }
  return undefined;
}
