import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublisher } from '@revocast/denylist';
import { createSigner, type Signer } from '@revocast/test-support';
import { buildSync } from 'esbuild';
import supertest from 'supertest';
import { TokenError, UnavailableError } from '../src/errors.ts';
import { authOf } from '../src/express/auth-of.ts';
import { protect } from '../src/express/protect.ts';
import { createGate } from '../src/gate/create-gate.ts';
import { createVerifier } from '../src/verifier/create-verifier.ts';
import type { Verifier } from '../src/verifier/verifier.ts';
import { expressVersions } from './express/versions.ts';

let signer: Signer;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  signer = await createSigner();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function readyVerifier() {
  const publisher = await createPublisher('memory:');
  const { issuer, jwks } = signer;
  const verifier = createVerifier({
    issuer,
    jwks,
    audience: 'https://api.test',
    revocation: { feed: publisher },
    logger: null,
  });
  opened.push(verifier, publisher);
  expect(await verifier.ready({ timeoutMs: 2000 })).toBe(true);
  return { verifier, publisher };
}

/** A verifier without a sidecar. */
function coldOptions() {
  const { issuer } = signer;
  return { issuer, audience: 'https://api.test', revocation: { feed: 'http://127.0.0.1:1' }, logger: null } as const;
}

/** As a CORS middleware. */
function cors(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('Access-Control-Allow-Origin', 'https://app.example.com');
  response.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate,Retry-After');
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.setHeader('Access-Control-Allow-Headers', 'Authorization');
  response.writeHead(204).end();
}

describe.each(expressVersions)('protect, mounted on %s as in docs/mounting.md', (_version, express) => {
  const mount = (verifier: Verifier, status = () => verifier.status()) => {
    const app = express();
    app.use(cors);
    app.get('/healthz', (_req, res) => void res.send('ok'));
    let wasReady = false;
    app.get('/readyz', (_req, res) => {
      const { ready, revocation } = status();
      wasReady ||= ready;
      res.status(wasReady ? 200 : 503).json({ ready, feed: revocation?.replica?.freshness.state });
    });
    app.use(protect(verifier));
    app.get('/orders', (req, res) => void res.json({ owner: authOf(req).subject }));
    return app;
  };

  it('lets a preflight be answered without a token, and scripts read refusals', async () => {
    const app = mount((await readyVerifier()).verifier);
    const preflight = await supertest(app).options('/orders').set('Access-Control-Request-Method', 'GET');
    expect(preflight.status).toBe(204);
    const refused = await supertest(app).get('/orders');
    expect(refused.status).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe('https://app.example.com');
    expect(refused.headers['access-control-expose-headers']).toContain('WWW-Authenticate');
    expect(refused.headers['www-authenticate']).toBe('Bearer');
  });

  it('leaves probes unprotected, and protects unknown paths', async () => {
    const app = mount((await readyVerifier()).verifier);
    expect((await supertest(app).get('/healthz')).text).toBe('ok');
    expect((await supertest(app).get('/readyz')).body).toEqual({ ready: true, feed: 'fresh' });
    expect((await supertest(app).get('/nowhere')).status).toBe(401);
  });

  it('stays ready while the feed is away, and shows it', async () => {
    const { verifier } = await readyVerifier();
    let isStale = false;
    const app = mount(verifier, () => ({ ...verifier.status(), ready: !isStale }));
    expect((await supertest(app).get('/readyz')).status).toBe(200);
    isStale = true;
    const { status: code, body } = await supertest(app).get('/readyz');
    expect([code, body.ready]).toEqual([200, false]);
  });

  it('is not ready while the feed is unreachable, and says so', async () => {
    const { issuer, jwks } = signer;
    const feed = 'http://127.0.0.1:9';
    const verifier = createVerifier({ issuer, jwks, audience: 'https://api.test', revocation: { feed }, logger: null });
    opened.push(verifier);
    const app = mount(verifier);
    expect(await verifier.ready({ timeoutMs: 50 })).toBe(false);
    expect((await supertest(app).get('/readyz')).status).toBe(503);
    const { status, headers } = await supertest(app)
      .get('/orders')
      .set('Authorization', `Bearer ${await signer.sign()}`);
    expect([status, headers['www-authenticate']]).toEqual([503, undefined]);
  });

  it('works in tests without Redis: a logout revokes the token', async () => {
    const { verifier, publisher } = await readyVerifier();
    const app = mount(verifier);
    const get = async () => (await supertest(app).get('/orders').set('Authorization', authorization)).status;
    const authorization = `Bearer ${await signer.sign({ sid: 's-1' })}`;
    expect(await get()).toBe(200);
    await publisher.revoke({ issuer: signer.issuer, session: 's-1', reason: 'logout' });
    expect(await get()).toBe(401);
  });

  it('passes errors with the complete answer to the error handler of the application', async () => {
    const { verifier } = await readyVerifier();
    const app = express();
    app.use(protect(verifier, { forwardErrors: true }));
    app.use((error: unknown, _req: unknown, res: import('express').Response, next: (error: unknown) => void) => {
      if (!(error instanceof TokenError || error instanceof UnavailableError)) return next(error);
      res.status(error.status).set(error.headers).json({ code: error.code });
    });
    const { status, body, headers } = await supertest(app).get('/');
    expect([status, body, headers['www-authenticate']]).toEqual([401, { code: 'missing_token' }, 'Bearer']);
  });
});

describe('an upgrade request', () => {
  it('is answered by a gate with the challenge or the Retry-After that protect would send', async () => {
    const { verifier } = await readyVerifier();
    const cold = createVerifier({ ...coldOptions(), jwks: signer.jwks });
    opened.push(cold);
    const gates = { ready: createGate(verifier, { scopes: ['orders:read'] }), cold: createGate(cold) };
    const server = createServer();
    server.on('upgrade', async (request, socket) => {
      const passage = await (request.url === '/cold' ? gates.cold : gates.ready)(request);
      if (passage.pass) {
        socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n');
        return;
      }
      const lines = Object.entries({ ...passage.headers, Connection: 'close' }).map(
        ([name, value]) => `${name}: ${value}`,
      );
      socket.end(`HTTP/1.1 ${passage.status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${passage.body}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answerTo = async (headers: Record<string, string>, path = '/') => {
      const request = httpRequest({ port, path, headers: { connection: 'Upgrade', upgrade: 'test', ...headers } });
      request.end();
      const [response] = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
      response.destroy();
      const { statusCode, headers: answered } = response as IncomingMessage;
      return [statusCode, answered['www-authenticate'], answered['retry-after']];
    };
    const bearer = async (claims: Record<string, unknown>) => ({
      authorization: `Bearer ${await signer.sign(claims)}`,
    });
    const good = await bearer({ scope: 'orders:read' });
    expect(await answerTo(good)).toEqual([101, undefined, undefined]);
    expect(await answerTo({})).toEqual([401, 'Bearer', undefined]);
    expect(await answerTo({ authorization: 'Bearer a, Bearer b' })).toEqual([
      400,
      expect.stringContaining('error="invalid_request"'),
      undefined,
    ]);
    expect(await answerTo(await bearer({ scope: 'other' }))).toEqual([
      403,
      expect.stringContaining('error="insufficient_scope"'),
      undefined,
    ]);
    expect(await answerTo(good, '/cold')).toEqual([503, undefined, expect.stringMatching(/^[1-5]$/)]);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a worker thread with a verifier', () => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    conditions: ['revocast-source'],
    external: ['ioredis'],
  });
  const program = `${outputFiles[0]!.text}
    const { workerData, parentPort } = require('node:worker_threads');
    const verifier = module.exports.createVerifier({
      issuer: 'https://issuer.test/', audience: 'a', jwks: workerData.jwks,
      revocation: { feed: workerData.feed }, logger: null,
    });
    verifier.ready({ timeoutMs: 200 }).then((ready) => parentPort.postMessage(ready));`;

  it.each([
    ['is not running', false],
    ['accepts connections and never answers', true],
  ])('ends by itself when the sidecar %s: only ready() keeps it alive', async (_what, listening) => {
    const silent = createServer(() => {});
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    if (!listening) await new Promise((resolve) => silent.close(resolve));
    const workerData = { jwks: signer.jwks, feed: `http://127.0.0.1:${port}` };
    const worker = new Worker(program, { eval: true, workerData });
    const answers: unknown[] = [];
    worker.on('message', (ready) => answers.push(ready));
    const [code] = await once(worker, 'exit');
    silent.closeAllConnections();
    if (listening) await new Promise((resolve) => silent.close(resolve));
    expect([code, answers]).toEqual([0, [false]]);
  });
});
