import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/errors.ts';
import { authOf } from '../../src/express/auth-of.ts';
import { requireAnyScope, requireClaims, requireScope, requireStepUp } from '../../src/express/guards.ts';
import { protectedResourceMetadata } from '../../src/express/metadata.ts';
import { protect } from '../../src/express/protect.ts';
import { composeVerifier, createVerifier } from '../../src/verifier/create-verifier.ts';
import { publicJwk } from '../forge.ts';
import { testDependencies } from '../test-dependencies.ts';

const options = { issuer: 'https://a.test/', audience: 'api', jwks: { keys: [publicJwk('es')] }, revocation: null };
const verifier = composeVerifier(options, testDependencies());
afterAll(() => verifier.close());

/** JavaScript calls with anything. */
const wrong: readonly (readonly [
  call: string,
  make: (...given: never[]) => unknown,
  given: readonly unknown[],
  message: string,
])[] = [
  ['requireClaims()', requireClaims, [], 'requireClaims: expected a function, or an object of claims'],
  ['requireClaims(null)', requireClaims, [null], 'requireClaims: expected a function, or an object of claims'],
  ["requireClaims('role')", requireClaims, ['role'], 'requireClaims: expected a function, or an object of claims'],
  ['requireClaims([])', requireClaims, [['role']], 'requireClaims: expected a function, or an object of claims'],
  ['requireClaims({})', requireClaims, [{}], 'requireClaims: name at least one claim'],
  ['requireClaims({ role: [] })', requireClaims, [{ role: ['a'] }], 'requireClaims: expected strings, numbers'],
  ['requireScope()', requireScope, [], "requireScope('orders:read', 'orders:write'), found nothing"],
  ['requireScope([])', requireScope, [['a']], "requireScope('orders:read', 'orders:write'), found an array"],
  ['requireAnyScope()', requireAnyScope, [], 'requireAnyScope: expected scopes, each an argument of its own'],
  ['requireStepUp()', requireStepUp, [], 'requireStepUp: expected an object, found nothing'],
  ['protect(null)', protect, [null], 'options: expected an object, found null'],
  ["protect('issuer')", protect, ['https://a.test/'], 'options: expected an object, found a string'],
  ['protect as a handler', protect, [{ headers: {}, socket: {} }, {}, () => {}], 'protect: was passed as a handler'],
  ['protect(verifier, null)', protect, [verifier, null], 'protect: expected an object, found null'],
  [
    'protect(verifier, { audience })',
    protect,
    [verifier, { audience: 'a' }],
    'protect.audience: there is no such option',
  ],
  ['createVerifier(null)', createVerifier, [null], 'options: expected an object, found null'],
  ['protectedResourceMetadata()', protectedResourceMetadata, [], 'protectedResourceMetadata: expected an object'],
  ['authOf()', authOf, [], 'authOf: expected a request, found nothing'],
  ['authOf({})', authOf, [{}], 'authOf: this route is not behind protect()'],
  ['verifier.ready()', verifier.ready, [], 'ready: expected an object, found nothing'],
  ['verifier.ready({})', verifier.ready, [{}], 'ready.timeoutMs: expected a whole number of ms'],
  [
    'verifier.ready(NaN)',
    verifier.ready,
    [{ timeoutMs: Number.NaN }],
    'ready.timeoutMs: expected a whole number of ms',
  ],
];

describe('a wrong call', () => {
  it.each(wrong)('%s throws a ConfigurationError that says what was expected', (_call, make, given, message) => {
    const call = () => Reflect.apply(make, undefined, given);
    expect(call).toThrow(ConfigurationError);
    expect(call).toThrow(message);
  });

  it.each([undefined, null, 'Bearer x', {}])(
    'verify(%p) is our failure, and says what was expected',
    async (request) => {
      expect(await Reflect.apply(verifier.verify, undefined, [request])).toMatchObject({
        outcome: 'unavailable',
        reason: 'internal_error',
        cause: new ConfigurationError('verify', 'expected a request, or an object with `headers`'),
      });
    },
  );

  it.each([null, undefined, { whenUnknown: 'reject' }])(
    'verify(request, %j) accepts no token for it',
    async (given) => {
      const cold = composeVerifier({ ...options, revocation: {} } as never, testDependencies());
      const decision = await Reflect.apply(cold.verify, undefined, [{ headers: {} }, given]);
      expect(decision).toMatchObject({ outcome: 'rejected', reason: 'missing_token' });
      await cold.close();
    },
  );
});
