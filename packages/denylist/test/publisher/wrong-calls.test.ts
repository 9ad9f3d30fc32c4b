import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../src/configuration-error.ts';
import { createPublisher } from '../../src/publisher/create-publisher.ts';
import type { Publisher } from '../../src/publisher/publisher.ts';

const revocation = { issuer: 'https://a.test/', session: 's', reason: 'logout' };

let publisher: Publisher;
beforeAll(async () => {
  publisher = await createPublisher('memory:');
});
afterAll(() => publisher.close());

/** JavaScript calls with anything. */
const wrong: readonly (readonly [call: string, method: string, given: readonly unknown[], message: string])[] = [
  ['createPublisher()', 'createPublisher', [], 'expected redis://host:6379'],
  ['createPublisher(null)', 'createPublisher', [null], 'found a value of type object'],
  ['createPublisher(url, null)', 'createPublisher', ['memory:', null], 'expected an object, found null'],
  [
    'createPublisher(url, { tokenfile })',
    'createPublisher',
    ['memory:', { tokenfile: 't' }],
    'unknown option "tokenfile"; did you mean tokenFile?',
  ],
  [
    'createPublisher(url, { password })',
    'createPublisher',
    ['memory:', { password: 'hunter2' }],
    'unknown option "password"; the options are tokenFile,',
  ],
  ['createPublisher(url, { clock })', 'createPublisher', ['memory:', { clock: 'log' }], "clock: expected 'issuer'"],
  ['revoke()', 'revoke', [], 'revocation: expected an object, found nothing'],
  ['revoke(revocation, null)', 'revoke', [revocation, null], 'options: expected an object, found null'],
  [
    'revoke(revocation, { redisReplica })',
    'revoke',
    [revocation, { redisReplica: 1 }],
    'unknown option "redisReplica"; did you mean redisReplicas?',
  ],
  ['revokeToken()', 'revokeToken', [], 'token: expected a signed JWT of three parts, found nothing'],
  ['revokeToken(jwt, null)', 'revokeToken', ['a.b.c', null], 'options: expected an object, found null'],
  [
    'revokeToken(jwt, { idclaim })',
    'revokeToken',
    ['a.b.c', { idclaim: 'uti' }],
    'unknown option "idclaim"; did you mean idClaim?',
  ],
  ['lift()', 'lift', [], 'revocation: expected an object, found nothing'],
];

describe('a wrong call', () => {
  it.each(wrong)(
    '%s rejects with a ConfigurationError that says what was expected',
    async (_call, method, given, text) => {
      const owner = method === 'createPublisher' ? { createPublisher } : publisher;
      const call = Reflect.apply(Reflect.get(owner, method), owner, given);
      await expect(call).rejects.toThrow(ConfigurationError);
      await expect(call).rejects.toThrow(text);
      await expect(call).rejects.not.toThrow('hunter2');
    },
  );
});
