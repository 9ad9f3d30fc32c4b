import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { ConfigurationError } from '../src/errors.ts';
import { explain } from '../src/explain/explain.ts';
import { requireAnyScope, requireClaims, requireScope, requireStepUp } from '../src/express/guards.ts';
import { protect } from '../src/express/protect.ts';
import { resolveOptions } from '../src/options/options.ts';
import { forge } from './forge.ts';
import { type Bench, buildBenches, optionsOf, requestLike, requestOf } from './verification-bench.ts';
import { type BenchName, nowSeconds, type Row, rows, usualClaims } from './verification-table.ts';

const runLength = 12;

/** All output about each row of the table: decisions, responses, errors, logs, metrics and more. */
const visible: { readonly where: string; readonly text: string }[] = [];
/** Every run of 12 characters of every token and proof that was sent. */
const runs = new Set<string>();

const benches = new Map<BenchName, Bench & { server: Server }>();
const registry = new Registry();

/** Notes a value with hidden members, causes and stacks, at any depth. */
function show(where: string, value: unknown): void {
  const text =
    typeof value === 'string' ? value : inspect(value, { depth: null, showHidden: true, maxStringLength: null });
  visible.push({ where, text });
  if (value instanceof Error) visible.push({ where, text: `${value.stack} ${JSON.stringify(value)} ${String(value)}` });
}

function remember(secret: string | undefined): void {
  for (let at = 0; secret !== undefined && at + runLength <= secret.length; at += 1) {
    runs.add(secret.slice(at, at + runLength));
  }
}

function serve(verifier: Bench['verifier']): Server {
  const app = express();
  app.use(protect(verifier, { forwardErrors: true }));
  app.use(`/${encodeURIComponent('scope')}`, requireScope('orders:read', 'orders:write'));
  app.use(`/${encodeURIComponent('any scope')}`, requireAnyScope('orders:read', 'orders:write'));
  app.use(`/${encodeURIComponent('claims')}`, requireClaims({ plan: 'gold' }));
  app.use(`/${encodeURIComponent('acr')}`, requireStepUp({ acr: ['phr', 'phrh'] }));
  app.use(`/${encodeURIComponent('recent')}`, requireStepUp({ maxAgeSeconds: 300 }));
  app.use((_request, response) => void response.end('ok'));
  const takeError: express.ErrorRequestHandler = (error, _request, response, _next) => {
    show('error', error);
    response.status(error.status).set(error.headers).json({ code: error.code });
  };
  app.use(takeError);
  return createServer(app);
}

async function send(row: Row): Promise<void> {
  const { verifier, server } = benches.get(row.bench ?? 'plain')!;
  const like = requestLike(row);
  for (const name of ['authorization', 'dpop']) remember(like.headers[name]?.replace(/^\S+ +/, ''));
  show('decision', await verifier.verify(like));

  const { token, proof, fields, query } = requestOf(row);
  remember(token);
  remember(proof);
  const { port } = server.address() as AddressInfo;
  const path = `/${row.guard === undefined ? '' : encodeURIComponent(row.guard)}?${query}`;
  const request = supertest(`http://127.0.0.1:${port}`).get(path);
  for (const [name, value] of fields) request.set(name, value);
  const response = await request;
  show('response', `${response.status} ${JSON.stringify(response.headers)} ${response.text}`);
  show('explanation', await explain(token, optionsOf(row.bench ?? 'plain'), { nowMs: nowSeconds * 1000 }));
}

beforeAll(async () => {
  const say = (line: string) => show('log', line);
  let turn = 0;
  const usage = {
    scopes: ['orders:read'],
    locate: () => ({ latitude: (turn++ % 2) * 90, longitude: 0 }),
    onSuspiciousUse: (use: unknown) => show('suspicion', use),
  };
  const common = { metrics: { registry }, logger: { info: say, warn: say }, exposeReason: true, usage };
  for (const [name, bench] of await buildBenches(common)) {
    const server = serve(bench.verifier);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    benches.set(name, { ...bench, server });
  }
  for (const row of rows) await send(row);
  for (const { verifier, dependencies } of benches.values()) {
    show('status', verifier.status());
    for (const line of dependencies.lines) show('stderr', line);
  }
  show('metrics', await registry.metrics());
}, 120_000);

afterAll(async () => {
  for (const { verifier, server } of benches.values()) {
    await new Promise((resolve) => server.close(resolve));
    await verifier.close();
  }
});

function shown(): string[] {
  const found = new Set<string>();
  for (const { where, text } of visible) {
    for (let at = 0; at + runLength <= text.length; at += 1) {
      if (runs.has(text.slice(at, at + runLength))) found.add(where);
    }
  }
  return [...found];
}

describe('the whole table', () => {
  it('produces output of every kind', () => {
    const ways = new Set(visible.map(({ where }) => where));
    expect(ways).toEqual(
      new Set(['decision', 'response', 'error', 'explanation', 'log', 'status', 'suspicion', 'metrics']),
    );
    expect(runs.size).toBeGreaterThan(10_000);
  });

  it(`shows no ${runLength} successive characters of a token or proof`, () => {
    expect(shown()).toEqual([]);
  });

  it('is searched in a way that finds a token in an error, a cause and a hidden member', () => {
    const token = forge({}, usualClaims);
    remember(token);
    const before = visible.length;
    show('planted error', new Error('failed', { cause: new Error(`no: ${token.slice(40, 60)}`) }));
    show('planted member', Object.defineProperty({}, 'hidden', { value: { deep: { er: token } } }));
    expect(shown()).toEqual(['planted error', 'planted member']);
    visible.length = before;
  });
});

describe('options that hold a token by mistake', () => {
  it('are refused without showing it', () => {
    const token = forge({}, usualClaims);
    remember(token);
    for (const name of ['issuer', 'audience', 'jwksUri', 'realm', 'profile', 'algorithms', 'tenants', token]) {
      try {
        resolveOptions({ ...optionsOf('plain'), jwks: undefined, [name]: name === 'audience' ? [{ token }] : token });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigurationError);
        show('configuration', error);
      }
    }
    expect(visible.filter(({ where }) => where === 'configuration').length).toBeGreaterThan(5);
    expect(shown()).toEqual([]);
  });
});
