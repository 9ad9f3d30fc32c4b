import { describe, expect, it } from '@jest/globals';
import type { AttackContext } from '../../src/attack/attack.ts';
import { attacks } from '../../src/attack/attacks/index.ts';
import { paddedRequest, requestText } from '../../src/attack/request-text.ts';
import { clientMessage } from '../../src/attack/stream-bytes.ts';

const context: AttackContext = {
  ports: { api: 1, data: 2, admin: 3 },
  issuer: 'https://issuer.test',
  audience: 'https://api.test',
  boundToken: 'e30.e30.AA',
  tokens: ['good.token.1', 'good.token.2'],
};
const named = (name: string) => {
  const attack = attacks.find((known) => known.name === name);
  if (attack === undefined) throw new Error(`no attack is named ${name}`);
  return attack;
};

describe('a request', () => {
  it('has the length of its body', () => {
    expect(requestText({ method: 'POST', path: '/v1/acks', body: '{}' })).toBe(
      'POST /v1/acks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}',
    );
  });

  it('is padded to a size', () => {
    expect(paddedRequest({ path: '/orders' }, 500)).toHaveLength(500);
    expect(paddedRequest({ path: '/orders' }, 10)).toBe(
      'GET /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: \r\n\r\n',
    );
  });
});

describe('each attack', () => {
  it('has a name of its own', () => {
    expect(new Set(attacks.map(({ name }) => name)).size).toBe(attacks.length);
  });

  it.each(attacks.filter(({ way }) => way !== 'stalled').map(({ name }) => name))(
    'is compared with good requests of the same size: %s',
    (name) => {
      const attack = named(name);
      const bad = attack.bad(context, 7);
      expect(bad.length).toBeGreaterThan(200);
      const { length } = attack.good(context, 7, bad.length);
      // A label and a name may differ by a few bytes.
      expect({ name, isSameSize: Math.abs(length - bad.length) < 200 }).toEqual({ name, isSameSize: true });
    },
  );

  it.each(attacks.map(({ name }) => name))('holds no credential: %s', (name) => {
    const text = named(name).bad(context, 7);
    for (const token of context.tokens) expect(text).not.toContain(token);
  });

  it('draws other bytes for each request, unless it only opens a connection', () => {
    for (const { name, way, bad } of attacks) {
      if (way === 'stalled') continue;
      expect({ name, isNew: bad(context, 1) !== bad(context, 2) }).toEqual({ name, isNew: true });
    }
  });
});

describe('a message of a client', () => {
  it('has a mask of zeros', () => {
    expect([...clientMessage(Buffer.from('abc'))]).toEqual([0x82, 0x83, 0, 0, 0, 0, 97, 98, 99]);
    expect(clientMessage(Buffer.alloc(300)).subarray(0, 8)).toEqual(Buffer.from([0x82, 0xfe, 1, 44, 0, 0, 0, 0]));
  });
});
