import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maxJsonDepth, readJsonObject } from '../../src/token/json.ts';

const read = (text: string) => readJsonObject(new TextEncoder().encode(text));
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('readJsonObject', () => {
  it('reads an object, with the white space that JSON allows', () => {
    expect(read(' {"a" : 1,\n"b":["x", {"c":null}], "d":"e:f"}\t')).toEqual({
      a: 1,
      b: ['x', { c: null }],
      d: 'e:f',
    });
  });

  it.each(['null', '1', '"a"', '[]', '[{}]', 'true'])('rejects %s, which is not an object', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each(['', '{', '{"a":1,}', "{'a':1}", '{"a":1}x', '{"a":01}', '{"a":\u00a01}', '{"a":NaN}', '\ufeff{}'])(
    'refuses malformed text %j',
    (text) => {
      expect(read(text)).toBeUndefined();
    },
  );

  it.each([
    ['a truncated sequence', [0xc3]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a stray continuation', [0x80]],
  ])('rejects invalid UTF-8: %s', (_title, bytes) => {
    expect(readJsonObject(Uint8Array.from([0x7b, 0x22, ...bytes, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"b":2,"a":3}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"b":{"a":1,"a":2}}',
    '{"b":[{"a":1,"a":2}]}',
    '{"a" :1, "a"\n:2}',
    '{"":1,"":2}',
    '{"\\"":1,"\\u0022":2}',
    '{"a":{"a":1},"a":2}',
    '{"a\\/":1,"a/":2}',
  ])('rejects %s, in which a member occurs twice', (text) => {
    expect(() => JSON.parse(text)).not.toThrow();
    expect(read(text)).toBeUndefined();
  });

  it.each(['{"a":"a","b":"a"}', '{"a":{"a":{"a":1}}}', '{"a":["a","a"]}', '[{"a":1},{"a":1}]', '{"A":1,"a":1}'])(
    'sees no duplicate in %s',
    (text) => {
      expect(read(`{"outer":${text}}`)).toEqual({ outer: JSON.parse(text) });
    },
  );

  it.each(['{"__proto__":{"admin":true}}', '{"\\u005f_proto__":1}', '{"a":[{"__proto__":null}]}'])(
    'refuses %s, which names the prototype',
    (text) => {
      expect(read(text)).toBeUndefined();
    },
  );

  it('accepts __proto__ as a value', () => {
    expect(read('{"kid":"__proto__"}')).toEqual({ kid: '__proto__' });
  });

  it('reads nesting below and at the bound and rejects deeper nesting', () => {
    expect(read(nested(maxJsonDepth - 1))).toBeDefined();
    expect(read(nested(maxJsonDepth))).toBeDefined();
    expect(read(nested(maxJsonDepth + 1))).toBeUndefined();
    expect(read(`{"a":${'['.repeat(maxJsonDepth)}${']'.repeat(maxJsonDepth)}}`)).toBeUndefined();
  });

  it('ignores brackets and quotes inside strings', () => {
    expect(read('{"a":"{[\\"","b":"}]\\\\","c":{"a":1}}')).toEqual({ a: '{["', b: '}]\\', c: { a: 1 } });
  });

  it('never throws, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        readJsonObject(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads the output of JSON.stringify, for every object without a prototype member', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('rejects a repeated member in any spelling of its name', () => {
    const spell = (name: string, escaped: readonly boolean[]) =>
      [...name]
        .map((unit, at) => (escaped[at] ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : unit))
        .join('');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', 'z', '0', '_'), minLength: 1, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        (name, one, other) => {
          expect(read(`{"${spell(name, one)}":1}`)).toEqual({ [name]: 1 });
          expect(read(`{"${spell(name, one)}":1,"x":{"y":[]},"${spell(name, other)}":2}`)).toBeUndefined();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
