import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultMaxTokenBytes, maxKidLength, parseCompact } from '../../src/token/compact.ts';

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const header = { alg: 'RS256', typ: 'at+jwt', kid: 'k1' };
const payload = { sub: 'alice', exp: 1_900_000_000 };
const signature = Buffer.from('a signature of 33 bytes, not one!').toString('base64url');
const token = (head: unknown = header, body: unknown = payload, sig = signature) =>
  `${encode(head)}.${encode(body)}.${sig}`;

const malformed = { ok: false, reason: 'malformed_token' };
const unsupported = { ok: false, reason: 'unsupported_crit' };
const tooLarge = { ok: false, reason: 'token_too_large' };

/** A token of exactly this many characters. */
function tokenOfLength(length: number): string {
  const short = token(header, payload, '');
  return short + 'A'.repeat(length - short.length);
}

describe('parseCompact', () => {
  it('returns the decoded parts and the signed text', () => {
    expect(parseCompact(token())).toEqual({
      ok: true,
      header,
      payload,
      text: token(),
      signingInput: `${encode(header)}.${encode(payload)}`,
      signature: Buffer.from(signature, 'base64url'),
    });
  });

  it('returns only the header members that verification reads', () => {
    const parsed = parseCompact(token({ ...header, jku: 'https://evil.example/', x5c: ['AA'], jwk: { kty: 'oct' } }));
    expect(parsed).toMatchObject({ ok: true, header });
    expect(parsed.ok && parsed.header).toEqual(header);
  });

  it.each([
    ['nothing', ''],
    ['one part', encode(header)],
    ['two parts', `${encode(header)}.${encode(payload)}`],
    ['four parts', `${token()}.AAAA`],
    ['five parts, which are an encrypted token', `${token()}.AAAA.AAAA`],
    ['a trailing dot', `${token()}.`],
    ['a leading dot', `.${token()}`],
    ['dots alone', '..'],
    ['an empty header', `.${encode(payload)}.${signature}`],
    ['an empty payload', `${encode(header)}..${signature}`],
    ['an empty signature', `${encode(header)}.${encode(payload)}.`],
  ])('rejects %s', (_title, text) => {
    expect(parseCompact(text)).toEqual(malformed);
  });

  it.each([
    ['padding', (part: string) => `${part}=`],
    ['double padding', (part: string) => `${part}==`],
    ['a plus', (part: string) => `+${part.slice(1)}`],
    ['a slash', (part: string) => `/${part.slice(1)}`],
    ['a leading space', (part: string) => ` ${part}`],
    ['a trailing space', (part: string) => `${part} `],
    ['a line break', (part: string) => `${part.slice(0, 4)}\n${part.slice(4)}`],
    ['a NUL', (part: string) => `${part}\u0000`],
    ['unicode', (part: string) => `${part}é`],
    ['a lone last character', (part: string) => `${part.slice(0, part.length - (part.length % 4))}A`],
  ])('rejects %s in any part', (_title, spoil) => {
    for (const at of [0, 1, 2]) {
      const parts = token().split('.');
      parts[at] = spoil(parts[at] ?? '');
      expect(parseCompact(parts.join('.'))).toEqual(malformed);
    }
  });

  it('reads a header that it has read before as it did then, whatever follows it', () => {
    const heads = Array.from({ length: 70 }, (_, index) => ({ ...header, kid: `key ${index}` }));
    for (const head of [...heads, ...heads, heads[0], heads[0]]) {
      for (const body of [payload, { sub: 'bob' }]) {
        expect(parseCompact(token(head, body))).toMatchObject({ ok: true, header: head, payload: body });
      }
      expect(parseCompact(`${encode(head)}.${encode('[]')}.${signature}`)).toEqual(malformed);
      expect(parseCompact(`${encode(head)}.${encode(payload)}`)).toEqual(malformed);
    }
  });

  it('rejects a bad header each time', () => {
    for (const head of [
      { ...header, crit: ['exp'] },
      { ...header, b64: false },
    ]) {
      for (let time = 0; time < 3; time++) expect(parseCompact(token(head))).toEqual(unsupported);
    }
    for (let time = 0; time < 3; time++) expect(parseCompact(token({ ...header, alg: 5 }))).toEqual(malformed);
  });

  it('returns a header that nothing can change for the next token', () => {
    const [first, second] = [parseCompact(token()), parseCompact(token())];
    expect(first.ok && Object.isFrozen(first.header)).toBe(true);
    expect(second).toEqual(first);
  });

  it('rejects unused bits in the last character of each part, which Node ignores', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // Bytes modulo 3 leave spare bits: one leaves 4, two leave 2.
    const parts = [encode('{"alg":"RS256" }'), encode('{"sub":"a"}'), encode('sign')];
    expect(parts.map((part) => part.length % 4)).toEqual([2, 3, 2]);
    const spellings: string[] = [];
    parts.forEach((part, at) => {
      for (const last of alphabet) {
        const spelled = part.slice(0, -1) + last;
        const same = Buffer.from(spelled, 'base64url').equals(Buffer.from(part, 'base64url'));
        if (same && spelled !== part) spellings.push(parts.with(at, spelled).join('.'));
      }
    });
    expect(parseCompact(parts.join('.'))).toMatchObject({ ok: true });
    expect(spellings).toHaveLength(15 + 3 + 15);
    for (const spelling of spellings) expect(parseCompact(spelling)).toEqual(malformed);
  });

  it.each([
    ['an array', '[]'],
    ['null', 'null'],
    ['a string', '"a"'],
    ['a number', '1'],
    ['no JSON', 'hello'],
    ['a byte order mark', '\ufeff{"alg":"RS256"}'],
    ['a duplicate member', '{"alg":"RS256","alg":"RS256"}'],
    ['a duplicate under another spelling', '{"alg":"RS256","\\u0061lg":"none"}'],
    ['a prototype member', '{"alg":"RS256","__proto__":{"kid":"k1"}}'],
  ])('rejects %s as header or payload', (_title, text) => {
    expect(parseCompact(token(text))).toEqual(malformed);
    expect(parseCompact(token(header, text))).toEqual(malformed);
  });

  it('rejects invalid UTF-8', () => {
    const bad = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('base64url');
    expect(parseCompact(`${encode(header)}.${bad}.${signature}`)).toEqual(malformed);
    expect(parseCompact(`${bad}.${encode(payload)}.${signature}`)).toEqual(malformed);
  });

  it.each([[1], [null], [{}], [['k1']], [true], ['k'.repeat(maxKidLength + 1)], ['k'.repeat(4_000)]])(
    'refuses the kid %j',
    (kid) => {
      expect(parseCompact(token({ ...header, kid }))).toEqual(malformed);
    },
  );

  it.each([['k'.repeat(maxKidLength - 1)], ['k'.repeat(maxKidLength)], [''], ['../../etc/passwd'], ['__proto__']])(
    'takes the kid %j as a plain string',
    (kid) => {
      expect(parseCompact(token({ ...header, kid }))).toMatchObject({ ok: true, header: { kid } });
    },
  );

  it.each([[{ typ: 'at+jwt' }], [{ alg: null }], [{ alg: 5 }], [{ alg: ['RS256'] }]])(
    'refuses the header %j, which names no algorithm',
    (head) => {
      expect(parseCompact(token(head))).toEqual(malformed);
    },
  );

  it('rejects a typ or cty that is not a string', () => {
    expect(parseCompact(token({ ...header, typ: 1 }))).toEqual(malformed);
    expect(parseCompact(token({ ...header, cty: {} }))).toEqual(malformed);
    expect(parseCompact(token({ ...header, typ: null }))).toEqual(malformed);
  });

  it.each([[['exp']], [[]], [['exp', 'exp']], [['b64']], [null], ['exp'], [{}]])('rejects crit %j', (crit) => {
    expect(parseCompact(token({ ...header, crit, exp: 1, b64: true }))).toEqual(unsupported);
  });

  it.each([[false], [null], [0], ['false']])('rejects b64 %j, with or without crit', (b64) => {
    expect(parseCompact(token({ ...header, b64 }))).toEqual(unsupported);
    expect(parseCompact(token({ ...header, b64, crit: ['b64'] }))).toEqual(unsupported);
  });

  it('accepts b64 true, which is the default', () => {
    expect(parseCompact(token({ ...header, b64: true }))).toMatchObject({ ok: true });
  });

  it('reads tokens below and at the size bound and rejects a larger one', () => {
    const lengths = [-2, -1, 0, 1].map((by) => defaultMaxTokenBytes + by);
    const results = lengths.map((length) => parseCompact(tokenOfLength(length)));
    // One length in four leaves a lone last character: malformed, but never too large.
    for (const result of results.slice(0, 3)) expect(result).not.toEqual(tooLarge);
    expect(results.slice(0, 3).filter((result) => result.ok).length).toBeGreaterThanOrEqual(2);
    expect(results[3]).toEqual(tooLarge);
  });

  it('checks the size before anything else', () => {
    expect(parseCompact('.'.repeat(defaultMaxTokenBytes + 1))).toEqual(tooLarge);
    expect(parseCompact('.'.repeat(defaultMaxTokenBytes))).toEqual(malformed);
  });
});

describe('properties of parseCompact', () => {
  const alphabet = fc.constantFrom(...'ABCDwxyz0189-_.=+/ \n{}"');
  const part = fc.uint8Array({ minLength: 1, maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  const members = fc.dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
  const wellFormed = fc
    .tuple(members, members, part)
    .filter(([, body]) => !JSON.stringify(body).includes('__proto__'))
    .map(([extra, body, sig]) => {
      const { crit: _crit, b64: _b64, kid: _kid, typ: _typ, cty: _cty, ['__proto__']: _proto, ...rest } = extra;
      return token({ ...rest, alg: 'ES256' }, body, sig);
    })
    .filter((text) => !Buffer.from(text.split('.')[0] ?? '', 'base64url').includes('__proto__'));

  it('accepts only tokens that encode back to the same characters', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        const parsed = parseCompact(text);
        expect(parsed).toMatchObject({ ok: true });
        if (!parsed.ok) return;
        expect(`${parsed.signingInput}.${Buffer.from(parsed.signature).toString('base64url')}`).toBe(text);
      }),
      { numRuns: 3_000 },
    );
  });

  it('never accepts a second spelling of the same bytes', () => {
    const bytesOf = (text: string) =>
      text.split('.').map((segment) => Buffer.from(segment, 'base64url').toString('hex'));
    const mutation = fc.tuple(fc.constantFrom('replace', 'insert', 'delete'), fc.nat(), alphabet);
    fc.assert(
      fc.property(wellFormed, fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
        let mutated = text;
        for (const [kind, position, character] of mutations) {
          // Half of the changes go to the last characters of a part, where second spellings live.
          const ends = [...mutated.matchAll(/.(?=\.|$)/g)].map(({ index }) => index);
          const at = position % 2 === 0 ? (ends[position % ends.length] ?? 0) : position % mutated.length;
          const kept = kind === 'insert' ? at : at + 1;
          mutated = mutated.slice(0, at) + (kind === 'delete' ? '' : character) + mutated.slice(kept);
          if (mutated === '') return;
        }
        if (mutated === text || !parseCompact(mutated).ok) return;
        expect(bytesOf(mutated)).not.toEqual(bytesOf(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
