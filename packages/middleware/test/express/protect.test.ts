import { beforeAll, describe, expect, it } from '@jest/globals';
import { createSigner, type Signer } from '@revocast/test-support';
import { Registry } from 'prom-client';
import supertest from 'supertest';
import { TokenError, UnavailableError } from '../../src/errors.ts';
import { authOf } from '../../src/express/auth-of.ts';
import { requireClaims, requireScope } from '../../src/express/guards.ts';
import { protectedResourceMetadata } from '../../src/express/metadata.ts';
import { type ProtectOptions, protect } from '../../src/express/protect.ts';
import type { VerifierOptions } from '../../src/options/options.ts';
import { composeVerifier } from '../../src/verifier/create-verifier.ts';
import { testDependencies } from '../test-dependencies.ts';
import { expressVersions } from './versions.ts';

let signer: Signer;
const dependencies = testDependencies();

beforeAll(async () => {
  signer = await createSigner({ nowMs: () => dependencies.clock.wallMs() });
});

function verifierWith(options: Partial<VerifierOptions> = {}) {
  const { issuer, jwks } = signer;
  const given = { issuer, jwks, audience: 'https://api.test', revocation: null, logger: null, ...options };
  return composeVerifier(given as VerifierOptions, dependencies);
}

describe.each(expressVersions)('protect on %s', (_version, express) => {
  const appWith = (options: Partial<VerifierOptions>, protectOptions: ProtectOptions = {}) => {
    const app = express();
    app.use(protect(verifierWith(options), protectOptions));
    return app;
  };
  const bearer = async (claims = {}) => `Bearer ${await signer.sign(claims)}`;
  const request = (app: Parameters<typeof supertest>[0], authorization?: string) => {
    const sent = supertest(app).get('/');
    return authorization === undefined ? sent : sent.set('Authorization', authorization);
  };

  it('sets a frozen req.auth with exactly the documented members', async () => {
    const app = appWith({});
    app.use((req, res) => void res.json({ auth: authOf(req), same: Reflect.get(req, 'auth') === authOf(req) }));
    const { body } = await request(app, await bearer({ scope: 'a b', jti: 'j' }));
    expect(body.same).toBe(true);
    expect(Object.keys(body.auth).sort()).toEqual(
      ['claims', 'clientId', 'expiresAt', 'issuedAt', 'issuer', 'revocation', 'scopes', 'subject', 'tokenId'].sort(),
    );
    expect(body.auth).toMatchObject({ subject: 'user-1', clientId: 'client-1', tokenId: 'j', scopes: ['a', 'b'] });
  });

  it('passes requests without credentials if `anonymous` is on, and refuses bad credentials', async () => {
    const app = appWith({}, { anonymous: true });
    app.use((req, res) => void res.json({ anonymous: Reflect.get(req, 'auth') === undefined }));
    expect((await request(app)).body).toEqual({ anonymous: true });
    expect((await request(app, await bearer())).body).toEqual({ anonymous: false });
    expect((await request(app, 'Basic eA==')).status).toBe(401);
    expect((await request(app, 'Bearer bad')).status).toBe(401);
  });

  it('answers an anonymous request at a guard 401 without an error code', async () => {
    const app = appWith({}, { anonymous: true });
    app.use(requireScope('read'), (_req, res) => void res.send('in'));
    const { status, headers } = await request(app);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer scope="read"']);
  });

  it('passes errors with the complete answer to the application if `forwardErrors` is on', async () => {
    const seen: unknown[] = [];
    const app = appWith({ realm: 'r' }, { forwardErrors: true });
    app.use((error: unknown, _req: unknown, _res: unknown, next: (error: unknown) => void) => {
      seen.push(error);
      next(error);
    });
    const { status, headers } = await request(app, 'Bearer bad');
    expect(seen[0]).toBeInstanceOf(TokenError);
    expect(seen[0]).toMatchObject({ code: 'malformed_token', status: 401 });
    expect([status, headers['www-authenticate']]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
  });

  it('passes the cause of an internal error to the application only', async () => {
    const seen: unknown[] = [];
    const app = appWith({}, { forwardErrors: true });
    const cause = new Error('database down');
    app.use(requireClaims(() => Promise.reject(cause)));
    app.use((error: unknown, _req: unknown, res: { status(code: number): { end(): void } }, _next: unknown) => {
      seen.push(error);
      res.status(500).end();
    });
    await request(app, await bearer());
    expect(seen[0]).toBeInstanceOf(UnavailableError);
    expect(seen[0]).toMatchObject({ code: 'internal_error', cause });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
  ] as const)('answers 500 without its text when a predicate %s', async (_how, predicate) => {
    const app = appWith({});
    app.use(requireClaims(predicate), (_req, res) => void res.send('in'));
    const { status, text, headers } = await request(app, await bearer());
    expect(status).toBe(500);
    expect(text + JSON.stringify(headers)).not.toContain('secret');
    expect(headers['www-authenticate']).toBeUndefined();
  });

  it('passes only if the predicate returns exactly true', async () => {
    const app = appWith({});
    app.use(requireClaims((() => 'yes') as never), (_req, res) => void res.send('in'));
    expect((await request(app, await bearer())).status).toBe(403);
  });

  it('refuses nothing and sets no req.auth in report-only mode, and counts refusals', async () => {
    const registry = new Registry();
    const app = appWith({ dangerouslyReportOnly: true, metrics: { registry } });
    app.use(requireScope('read'), (req, res) => void res.json({ auth: Reflect.has(req, 'auth') }));
    expect((await request(app, 'Bearer bad')).body).toEqual({ auth: false });
    expect((await request(app, await bearer())).body).toEqual({ auth: false });
    const text = await registry.metrics();
    expect(text).toContain(
      'revocast_verifications_total{outcome="would_reject",reason="malformed_token",issuer="unknown"} 1',
    );
    expect(text).toContain('revocast_verifications_total{outcome="accepted",reason="none",issuer="issuer.test"} 1');
    expect(text).toContain('revocast_authorizations_total{outcome="would_reject",reason="insufficient_scope"} 1');
  });

  it('counts a request once if it is protected twice', async () => {
    const registry = new Registry();
    const verifier = verifierWith({ metrics: { registry } });
    const app = express();
    app.use(protect(verifier), protect(verifier, { whenUnknown: 'accept' }), (_req, res) => void res.send('in'));
    await request(app, await bearer());
    expect(await registry.metrics()).toContain('{outcome="accepted",reason="none",issuer="issuer.test"} 1');
  });

  it('passes a ConfigurationError to the application for a guard without protect', async () => {
    const app = express();
    app.use(requireScope('read'), (_req, res) => void res.send('in'));
    app.use(
      (error: Error, _req: unknown, res: { status(code: number): { send(text: string): void } }, _next: unknown) =>
        res.status(500).send(error.name),
    );
    expect((await request(app)).text).toBe('ConfigurationError');
  });

  it('throws from authOf on a route without protect, and says so', async () => {
    const app = express();
    app.use((req, res) => {
      expect(() => authOf(req)).toThrow('authOf: this route is not behind protect()');
      res.end();
    });
    await request(app).expect(200);
  });

  it('adds the reason to the body only if `exposeReason` is on', async () => {
    expect((await request(appWith({}), 'Bearer bad')).body).not.toHaveProperty('reason');
    expect((await request(appWith({ exposeReason: true }), 'Bearer bad')).body.reason).toBe('malformed_token');
  });

  it('forbids caches to store a refusal', async () => {
    expect((await request(appWith({}))).headers['cache-control']).toBe('no-store');
  });

  it('serves the resource document, and names it in challenges', async () => {
    const url = 'https://api.test/.well-known/oauth-protected-resource';
    const app = express();
    const authorizationServers = [signer.issuer];
    app.use(
      '/.well-known/oauth-protected-resource',
      protectedResourceMetadata({ resource: 'https://api.test', authorizationServers }),
    );
    app.use(protect(verifierWith({ resourceMetadata: url })));
    const document = await supertest(app).get('/.well-known/oauth-protected-resource');
    expect(document.body).toEqual({
      resource: 'https://api.test',
      authorization_servers: ['https://issuer.test/'],
      bearer_methods_supported: ['header'],
    });
    expect((await request(app)).headers['www-authenticate']).toBe(`Bearer resource_metadata="${url}"`);
  });
});

describe('protect and its guards', () => {
  it.each([
    [
      'an unknown option',
      () => protect(verifierWith(), { anonimous: true } as never),
      /protect\.anonimous: .*did you mean anonymous\?/,
    ],
    [
      'a policy that does not exist',
      () => protect(verifierWith(), { whenUnknown: 'allow' as never }),
      /protect\.whenUnknown: expected one of/,
    ],
    ['no scope', () => requireScope(), /requireScope: expected/],
    [
      'a scope with a space',
      () => requireScope('a b'),
      /requireScope: expected scopes, each an argument of its own: .* without space/,
    ],
    ['a scope with a quote', () => requireScope('a"'), /requireScope/],
    ['no claim', () => requireClaims({}), /requireClaims: name at least one/],
    ['an object as claim value', () => requireClaims({ a: {} as never }), /requireClaims: expected strings/],
  ])('throw for %s', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
