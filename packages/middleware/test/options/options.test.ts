import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/errors.ts';
import { resolveOptions, type VerifierOptions } from '../../src/options/options.ts';
import { optionsOfOtherLibraries } from '../../src/options/other-libraries.ts';
import { documentedOptions, numberOptions } from './option-tables.ts';

const minimal = { issuer: 'https://issuer.test/', audience: 'https://api.test' };

function refusalOf(options: object, environment = {}): string {
  try {
    resolveOptions({ ...minimal, ...options }, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

function nested(name: string, value: unknown): object {
  const [outer, inner] = name.split('.');
  // Longer than any other age, so that the value is judged alone.
  const keySet = { hardAgeMs: 604_800_000 };
  if (outer === 'issuers') return { issuer: undefined, keySet, issuers: { resolve() {}, [inner!]: value } };
  if (outer === 'dpop') return { dpop: { publicOrigin: 'https://api.test', [inner!]: value } };
  return inner === undefined ? { [name]: value } : { [outer!]: { [inner]: value } };
}

describe('options', () => {
  it('need an issuer and an audience, and nothing else', () => {
    const { revocation, tokenCacheEntries, clockToleranceMs, issuers } = resolveOptions(minimal);
    expect({ clockToleranceMs, tokenCacheEntries }).toEqual({ clockToleranceMs: 5000, tokenCacheEntries: 10_000 });
    expect(revocation).toMatchObject({ feed: 'http://127.0.0.1:7471', lookup: null, whenUnknown: 'unavailable' });
    expect(issuers).toMatchObject([{ alias: 'issuer.test', keys: { issuer: 'https://issuer.test/' } }]);
  });

  it.each([
    'redis+sentinel://a,b:26379/main',
    'rediss+sentinel://a/main',
    'redis+cluster://a,b',
    'redis+unix:///run/redis.sock',
  ])('take %s as feed and as look-up', (url) => {
    const { revocation } = resolveOptions({ ...minimal, revocation: { feed: url, lookup: url } });
    expect(revocation).toMatchObject({ feed: url, lookup: url });
  });

  it('have types', () => {
    const right: VerifierOptions = {
      ...minimal,
      clockToleranceMs: 1,
      maxTokenAgeMs: 2000,
      dpop: { publicOrigin: 'x' },
    };
    // Read from the environment.
    const withoutAudience: VerifierOptions = { issuer: 'x' };
    // @ts-expect-error The value has another type.
    const text: VerifierOptions = { ...minimal, clockToleranceMs: '5000' };
    // @ts-expect-error A required option of a group is missing.
    const withoutOrigin: VerifierOptions = { ...minimal, dpop: {} };
    // @ts-expect-error The option does not exist.
    const misspelt: VerifierOptions = { ...minimal, revocation: { maxStaleness: 5000 } };
    // @ts-expect-error The word is not one of the list.
    const otherWord: VerifierOptions = { ...minimal, revocation: { whenUnknown: 'reject' } };
    const absent: VerifierOptions = {
      issuer: undefined,
      issuers: undefined,
      realm: undefined,
      tenants: undefined,
      onDecision: undefined,
      revocation: { label: undefined },
    };
    expect(absent).toBeDefined();
    expect([right, withoutAudience, text, withoutOrigin, misspelt, otherWord]).toHaveLength(6);
  });

  it('are frozen', () => {
    const options = resolveOptions(minimal);
    for (const held of [options, options.issuers, options.issuers[0], options.revocation])
      expect(Object.isFrozen(held)).toBe(true);
  });

  it.each(numberOptions)('bound %s below, at and above', (name, row) => {
    const { min, max } = row;
    const read = (value: number) => row.read(name, value, { allowHttp: false, environment: {} });
    expect(refusalOf(nested(name, min - 1))).toContain(`from ${min} to ${max}, found the number ${min - 1}`);
    expect({ min: read(min), max: read(max) }).toEqual({ min, max });
    expect(refusalOf(nested(name, max + 1))).toContain(name);
    for (const value of [min + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(refusalOf(nested(name, value))).toContain('a whole number');
    }
    expect(refusalOf(nested(name, String(min)))).toContain('found a string');
  });

  it('take the feed and the look-up from the environment when none is given', () => {
    const environment = { REVOCAST_FEED: 'redis://r:6379', REVOCAST_LOOKUP: 'redis://l:6379' };
    expect(resolveOptions(minimal, environment).revocation).toMatchObject({
      feed: 'redis://r:6379',
      lookup: 'redis://l:6379',
    });
    const given = { ...minimal, revocation: { feed: 'http://s:7471', lookup: null, dangerouslyAllowHttp: true } };
    expect(resolveOptions(given, environment).revocation).toMatchObject({ feed: 'http://s:7471', lookup: null });
  });

  it.each([
    ['null', null, 'options: expected an object'],
    ['nothing', undefined, 'issuer: say whose tokens are trusted: `issuer` or `issuers` here, or REVOCAST_ISSUER'],
  ])('reject %s', (_what, options, message) => {
    expect(() => resolveOptions(options)).toThrow(message);
  });

  it.each([
    [
      'a misspelt key',
      { clockTolerence: 1 },
      'clockTolerence: there is no such option: did you mean clockToleranceMs?',
    ],
    [
      'a misspelt nested key',
      { revocation: { maxStaleness: 1 } },
      'revocation.maxStaleness: there is no such option: did you mean maxStalenessMs?',
    ],
    ['a key that is like no option', { zzz: 1 }, 'zzz: there is no such option: known are'],
    ['no audience', { audience: undefined }, 'audience: say which audience'],
    [
      'an empty audience',
      { audience: [] },
      'audience: expected a non-empty string or an array of them, found an empty array',
    ],
    [
      'issuers that are neither a list nor a hook',
      { issuer: undefined, issuers: 'https://b.test/' },
      'issuers: expected a non-empty array, or an object with `resolve`, found a string',
    ],
    [
      'a resolver without its hook',
      { issuer: undefined, issuers: {} },
      'issuers.resolve: expected a function, found nothing',
    ],
    [
      'a misspelt option of the resolver',
      { issuer: undefined, issuers: { resolve() {}, maxEntry: 1 } },
      'issuers.maxEntry: there is no such option: did you mean maxEntries?',
    ],
    ['proofs without an origin', { dpop: {} }, 'dpop.publicOrigin: expected a non-empty string'],
    [
      'proofs for an http origin',
      { dpop: { publicOrigin: 'http://a.test' } },
      'dpop.publicOrigin: expected an https: URL',
    ],
    [
      'proofs for an origin with a query',
      { dpop: { publicOrigin: 'https://a.test/?x' } },
      'dpop.publicOrigin: expected an https URL without query',
    ],
    [
      'a nonce secret of 31 characters',
      { dpop: { publicOrigin: 'https://a.test', nonceSecret: 's'.repeat(31) } },
      'dpop.nonceSecret: expected 32 characters or more',
    ],
    [
      'proofs remembered over http',
      { dpop: { publicOrigin: 'https://a.test', replays: 'http://x' } },
      'dpop.replays: expected a redis:',
    ],
    [
      'proofs of HS256',
      { dpop: { publicOrigin: 'https://a.test', algorithms: ['HS256'] } },
      'dpop.algorithms: expected one of',
    ],
    [
      'a certificate field without proxies',
      { clientCertificate: { header: 'client-cert' } },
      'clientCertificate.trustedProxies: expected',
    ],
    [
      'a certificate field with a space',
      { clientCertificate: { header: 'a b', trustedProxies: ['::1'] } },
      'clientCertificate.header: expected the name of a field',
    ],
    ['issuer and issuers', { issuers: ['https://b.test/'] }, 'issuer: give either'],
    [
      'the same issuer twice',
      { issuer: undefined, issuers: ['https://b.test/', 'https://b.test/'] },
      'issuers: the same issuer is listed twice',
    ],
    [
      'keys beside issuers',
      { issuer: undefined, issuers: ['https://b.test/'], jwksUri: 'https://b.test/jwks' },
      'jwksUri: belongs to one issuer',
    ],
    [
      'a key of an issuer misspelt',
      { issuer: undefined, issuers: [{ issuer: 'https://b.test/', jwksUrl: 'x' }] },
      'issuers[0].jwksUrl: there is no such option: did you mean jwksUri?',
    ],
    ['two sources of keys', { jwks: { keys: [] }, jwksUri: 'https://b.test/' }, 'jwks: give one of'],
    ['keys over http', { jwksUri: 'http://b.test/' }, 'jwksUri: expected an https: URL, found http:'],
    ['an issuer over http', { issuer: 'http://b.test/' }, 'issuer: expected an https: URL'],
    ['HS256', { algorithms: ['HS256'] }, 'algorithms: expected one of RS256'],
    ['none', { algorithms: ['none'] }, 'algorithms: expected one of'],
    ['an unknown profile', { profile: 'onelogin' }, 'profile: expected one of rfc9068'],
    ['a dimension that does not exist', { claimMap: { user: 'x' } }, 'claimMap.user: there is no such option'],
    ['no claim for the subject', { claimMap: { subject: null } }, 'claimMap.subject: expected'],
    ['a tenant pattern without tenants', { issuer: 'https://l.test/{tenantid}/' }, 'tenants: list the tenant ids'],
    ['tenants without a pattern', { tenants: ['a'] }, 'tenants: expected an issuer with {tenantid}'],
    ['a feed of another scheme', { revocation: { feed: 'ftp://x' } }, 'revocation.feed: expected a URL'],
    ['neither feed nor look-up', { revocation: { feed: null } }, 'revocation.feed: null needs a `lookup`'],
    [
      'a feed over http on another host',
      { revocation: { feed: 'http://s:7471' } },
      'revocation.feed: expected https: for a sidecar on another host, found http:',
    ],
    ['a look-up over http', { revocation: { lookup: 'http://x' } }, 'revocation.lookup: expected a redis:'],
    ['a realm with a quote', { realm: 'a"b' }, 'realm: expected 1–128 printable'],
    ['a realm with a line break', { realm: 'a\r\nb' }, 'realm: expected 1–128 printable'],
    ['a logger without warn', { logger: { info() {} } }, 'logger: expected'],
    [
      'an object that is not a registry',
      { metrics: { registry: {} } },
      'metrics.registry: expected a metrics registry',
    ],
    ['a yes for a boolean', { exposeReason: 'yes' }, 'exposeReason: expected true, false or development'],
    [
      'a limit of the key set out of bounds',
      { keySet: { maxKeys: 0 } },
      'keySet.maxKeys: expected a whole number of keys from 1 to 1000',
    ],
  ])('reject %s', (_what, options, message) => {
    expect(refusalOf(options)).toContain(message);
  });

  it.each([
    ['hardAgeMs', 'above', { softAgeMs: 5000, hardAgeMs: 5001 }, 'accepted'],
    [
      'hardAgeMs',
      'at',
      { softAgeMs: 5000, hardAgeMs: 5000 },
      'expected more than softAgeMs (5000 ms), found the number 5000',
    ],
    ['hardAgeMs', 'below', { hardAgeMs: 299_999 }, 'expected more than softAgeMs (300000 ms), found the number 299999'],
    ['backoffCapMs', 'above', { backoffBaseMs: 2000, backoffCapMs: 2001 }, 'accepted'],
    ['backoffCapMs', 'at', { backoffBaseMs: 2000, backoffCapMs: 2000 }, 'accepted'],
    ['backoffCapMs', 'below', { backoffBaseMs: 2000, backoffCapMs: 1999 }, 'expected backoffBaseMs (2000 ms) or more'],
  ])('compare keySet.%s with the number that it depends on: %s', (_name, _where, keySet, message) => {
    expect(refusalOf({ keySet })).toContain(message);
  });

  it('never show the value of a string, which may be a secret', () => {
    const secret = 's3cr3t-p4ssw0rd';
    for (const options of [
      { jwksUri: `https://user:${secret}@b.test/` },
      { jwksUri: secret },
      { revocation: { feed: `amqp://user:${secret}@r` } },
      { revocation: { lookup: `http://user:${secret}@r` } },
      { profile: secret },
      { realm: `"${secret}` },
    ]) {
      expect(refusalOf(options)).not.toContain(secret);
      expect(refusalOf(options)).not.toBe('accepted');
    }
    expect(refusalOf({}, { REVOCAST_FEED: `amqp://${secret}` })).toBe(
      'REVOCAST_FEED: expected a URL (http: https: unix: redis: rediss:), a publisher, a feed or null, found a string',
    );
  });
});

describe('algorithms', () => {
  it.each([['EdDSA'], ['Ed25519']])('have one meaning for the two names of one algorithm: %s', (name) => {
    expect(resolveOptions({ ...minimal, algorithms: name }).issuers[0]?.algorithms).toEqual(['EdDSA', 'Ed25519']);
  });
});

describe('options of other libraries', () => {
  it.each([
    ['issuerBaseURL', '`issuer`'],
    ['secret', '`jwksUri`'],
    ['tokenSigningAlg', '`algorithms`'],
    ['clockTolerance', '`clockToleranceMs`, in milliseconds'],
    ['userPoolId', "`profile: 'cognito'`"],
    ['credentialsRequired', '`anonymous: true`'],
    ['secretOrKey', '`jwks`'],
    ['jwksRequestsPerMinute', '`keySet.unknownKidIntervalMs`'],
  ])('are named with ours beside them: %s', (name, ours) => {
    const message = refusalOf({ [name]: 's3cr3t' });
    expect(message).toContain(`${name}: there is no such option here, only in another library: `);
    expect(message).toContain(ours);
    expect(message).not.toContain('s3cr3t');
  });

  it('have none of our names, and name only options that exist', () => {
    const names = [...documentedOptions.keys()];
    for (const [name, advice] of optionsOfOtherLibraries) {
      expect(names).not.toContain(name);
      const ours = [...advice.matchAll(/`(\w+(?:\.\w+)?)[:`]/g)].map(([, each]) => each);
      const known = [...names, 'anonymous', 'forwardErrors', 'iss', 'typ', 'fetch', 'Date'];
      expect({ name, unknown: ours.filter((each) => !known.includes(each ?? '')) }).toEqual({ name, unknown: [] });
    }
  });
});

describe('the environment', () => {
  const environment = {
    REVOCAST_ISSUER: 'https://login.test/',
    REVOCAST_AUDIENCE: 'https://a.test https://b.test',
    REVOCAST_TOKEN_FILE: '/run/token',
    REVOCAST_WHEN_UNKNOWN: 'accept',
  };

  it('has every option that is needed, so that protect() needs no argument', () => {
    expect(resolveOptions(undefined, environment)).toMatchObject({
      issuers: [{ issuer: 'https://login.test/' }],
      audience: ['https://a.test', 'https://b.test'],
      revocation: { tokenFile: '/run/token', whenUnknown: 'accept' },
    });
  });

  it('is overruled by options', () => {
    const given = { ...minimal, revocation: { tokenFile: '/mine', whenUnknown: 'unavailable' } };
    expect(resolveOptions(given, environment)).toMatchObject({
      issuers: [{ issuer: minimal.issuer }],
      audience: [minimal.audience],
      revocation: { tokenFile: '/mine', whenUnknown: 'unavailable' },
    });
    const several = { audience: null, issuers: ['https://b.test/'] };
    expect(resolveOptions(several, environment)).toMatchObject({
      issuers: [{ issuer: 'https://b.test/' }],
      audience: null,
    });
  });

  it.each([
    [{ REVOCAST_ISSUER: '' }, 'issuer: say whose tokens are trusted: `issuer` or `issuers` here, or REVOCAST_ISSUER'],
    [{ REVOCAST_ISSUER: 'https://a.test/' }, 'audience: say which audience this API is, here or in REVOCAST_AUDIENCE'],
    [{ REVOCAST_ISSUER: 'a', REVOCAST_AUDIENCE: 'b' }, 'issuer: expected a URL'],
    [{ ...environment, REVOCAST_WHEN_UNKNOWN: 'allow' }, 'REVOCAST_WHEN_UNKNOWN: expected one of unavailable, accept'],
  ])('is named where something is missing or wrong: %j', (given, message) => {
    expect(() => resolveOptions(undefined, given)).toThrow(message);
  });

  it.each([
    ['development', 'development', true],
    ['development', 'production', false],
    ['development', undefined, false],
    [true, 'production', true],
    [false, 'development', false],
  ])('exposeReason %p with NODE_ENV %p: %p', (exposeReason, NODE_ENV, exposed) => {
    expect(resolveOptions({ ...minimal, exposeReason }, { NODE_ENV }).exposeReason).toBe(exposed);
  });
});

it('the hook of the issuers is called before the hard age', () => {
  const issuers = { resolve() {}, maxAgeMs: 3_600_000 };
  expect(refusalOf({ issuer: undefined, issuers })).toContain('issuers.maxAgeMs: expected less than keySet.hardAgeMs');
  const keySet = { hardAgeMs: 3_600_001 };
  expect(refusalOf({ issuer: undefined, issuers, keySet })).toBe('accepted');
});
