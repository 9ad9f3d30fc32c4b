import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BearerCredentials, readBearer } from '../../src/token/bearer.ts';
import { defaultMaxTokenBytes } from '../../src/token/compact.ts';

/** What Node would hand over for these fields, in this order. */
function receive(...fields: readonly (readonly [name: string, value: string])[]) {
  const headers: Record<string, string> = {};
  const headersDistinct: Record<string, string[]> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    headers[key] ??= value;
    headersDistinct[key] = [...(headersDistinct[key] ?? []), value];
  }
  return { headers, headersDistinct, rawHeaders: fields.flat() };
}

const refused = (reason: string) => ({ kind: 'refused', reason });
const bearer = (token: string) => ({ kind: 'token', scheme: 'bearer', token });
const longest = 'a'.repeat(defaultMaxTokenBytes);

const rows: readonly (readonly [title: string, field: string, expected: object])[] = [
  ['one space', 'Bearer abc.def.ghi', bearer('abc.def.ghi')],
  ['two spaces', 'Bearer  abc', bearer('abc')],
  ['a lower-case scheme', 'bearer abc', bearer('abc')],
  ['a mixed-case scheme', 'bEARER abc', bearer('abc')],
  ['every b64token character', 'Bearer aZ09-._~+/==', bearer('aZ09-._~+/==')],
  ['the DPoP scheme', 'DPoP abc', { kind: 'token', scheme: 'dpop', token: 'abc' }],
  ['an empty field', '', refused('malformed_request')],
  ['the scheme alone', 'Bearer', refused('malformed_request')],
  ['the scheme and spaces', 'Bearer   ', refused('malformed_request')],
  ['a tab after the scheme', 'Bearer\tabc', refused('malformed_request')],
  ['a tab after a space', 'Bearer \tabc', refused('malformed_request')],
  ['a leading space', ' Bearer abc', refused('malformed_request')],
  ['a trailing space', 'Bearer abc ', refused('malformed_request')],
  ['a trailing word', 'Bearer abc def', refused('malformed_request')],
  ['a second credential after a comma', 'Bearer abc, Bearer def', refused('malformed_request')],
  ['auth-params in place of a token', 'Bearer realm="x"', refused('malformed_request')],
  ['padding inside the token', 'Bearer ab=c', refused('malformed_request')],
  ['padding alone', 'Bearer ==', refused('malformed_request')],
  ['unicode in the token', 'Bearer tök', refused('malformed_request')],
  ['a line break after the token', 'Bearer abc\n', refused('malformed_request')],
  ['a NUL in the token', 'Bearer ab\u0000c', refused('malformed_request')],
  ['unicode in the scheme', 'ßearer abc', refused('malformed_request')],
  ['another scheme', 'Basic dXNlcjpwYXNz', refused('unsupported_scheme')],
  ['a longer scheme that begins alike', 'Bearerx abc', refused('unsupported_scheme')],
  ['a token without a scheme', 'eyJh.eyJz.c2ln', refused('unsupported_scheme')],
  ['a token just below the bound', `Bearer ${longest.slice(1)}`, bearer(longest.slice(1))],
  ['a token at the bound', `Bearer ${longest}`, bearer(longest)],
  ['a token past the bound', `Bearer ${longest}a`, refused('token_too_large')],
  ['a long field of another scheme', `Negotiate ${longest}aaaa`, refused('unsupported_scheme')],
];

describe('readBearer', () => {
  it.each(rows)('given %s', (_title, field, expected) => {
    expect(readBearer(receive(['Authorization', field]))).toEqual(expected);
  });

  it('finds no credentials when there is no Authorization field', () => {
    expect(readBearer(receive(['Host', 'api.example.com'], ['X-Authorization', 'Bearer abc']))).toEqual({
      kind: 'none',
    });
  });

  it('rejects two fields, of which Node shows only the first', () => {
    const request = receive(['Authorization', 'Bearer abc'], ['authorization', 'Bearer def']);
    expect(request.headers['authorization']).toBe('Bearer abc');
    expect(readBearer(request)).toEqual(refused('multiple_tokens'));
  });

  it('rejects two equal fields and two fields of different schemes', () => {
    expect(readBearer(receive(['Authorization', 'Bearer abc'], ['Authorization', 'Bearer abc']))).toEqual(
      refused('multiple_tokens'),
    );
    expect(readBearer(receive(['Authorization', 'Basic abc'], ['AUTHORIZATION', 'Bearer abc']))).toEqual(
      refused('multiple_tokens'),
    );
  });

  it('does not access headersDistinct, which Node would have to build', () => {
    const request = {
      ...receive(['Authorization', 'Bearer abc']),
      get headersDistinct(): never {
        throw new Error('built for nothing');
      },
    };
    expect(readBearer(request)).toEqual(bearer('abc'));
  });

  it('counts in headersDistinct when there are no raw headers', () => {
    const { headers, headersDistinct } = receive(['Authorization', 'Bearer abc'], ['Authorization', 'Bearer def']);
    expect(readBearer({ headers, headersDistinct })).toEqual(refused('multiple_tokens'));
  });

  it('counts in headers when there are neither raw nor distinct headers', () => {
    expect(readBearer({ headers: { authorization: 'Bearer abc' } })).toEqual(bearer('abc'));
    expect(readBearer({ headers: { authorization: ['Bearer abc'] } })).toEqual(bearer('abc'));
    expect(readBearer({ headers: { authorization: ['Bearer abc', 'Bearer def'] } })).toEqual(
      refused('multiple_tokens'),
    );
    expect(readBearer({ headers: { authorization: [] } })).toEqual({ kind: 'none' });
  });

  it('reads a token that an earlier middleware put into headers', () => {
    expect(readBearer({ headers: { authorization: 'Bearer abc' }, rawHeaders: ['Cookie', 'session=1'] })).toEqual(
      bearer('abc'),
    );
  });

  it('never throws, and never returns `none` for present credentials', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((rest) => `Bearer ${rest}`),
        ),
        (field) => {
          const read: BearerCredentials = readBearer(receive(['Authorization', field]));
          expect(read.kind).not.toBe('none');
          if (read.kind === 'token') expect(field.endsWith(` ${read.token}`)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
