import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseProof } from '../../src/binding/dpop-proof.ts';
import { readBearer } from '../../src/token/bearer.ts';
import { parseCompact } from '../../src/token/compact.ts';
import { forge, forgeProof } from '../forge.ts';
import { usualClaims } from '../verification-table.ts';

// jest's `expect` costs more than what is tested: at this number of cases a failure is thrown by hand.
const cases = 100_000;

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const token = forge({}, usualClaims);
const letters = fc.constantFrom(...'ABCDwxyz0189-_.=+/ \t\r\n{}",:~%\u00e4\u2028\ufeff\0');

interface Change {
  readonly kind: 'replace' | 'insert' | 'delete' | 'swap case';
  readonly at: number;
  readonly letter: string;
}

const changes = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'delete', 'swap case'),
    at: fc.nat(),
    letter: letters,
  }),
  { minLength: 1, maxLength: 3 },
);

/** The start and the end of a text, and the last character of each part. A regular expression would cost more than the tested code. */
function endsOf(text: string): readonly number[] {
  const ends = [0];
  for (let dot = text.indexOf('.', 1); dot !== -1; dot = text.indexOf('.', dot + 1)) ends.push(dot - 1);
  ends.push(text.length - 1, text.length);
  return ends;
}

/** Half of the changes go to the ends of the text and of its parts, where second spellings live. */
function change(text: string, list: readonly Change[]): string {
  return list.reduce((changed, { kind, at, letter }) => {
    const ends = endsOf(changed);
    const index = at % 2 === 0 ? (ends[(at / 2) % ends.length] ?? 0) : at % (changed.length + 1);
    const [before, here, after] = [changed.slice(0, index), changed.slice(index, index + 1), changed.slice(index + 1)];
    if (kind === 'insert') return before + letter + here + after;
    if (kind === 'delete') return before + after;
    if (kind === 'replace') return before + letter + after;
    return before + (here === here.toLowerCase() ? here.toUpperCase() : here.toLowerCase()) + after;
  }, text);
}

/** What Node's own lenient decoder makes of each part: two texts of the same bytes are two spellings of one token. */
function bytesOf(text: string): string {
  return text
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');
}

describe(`over ${cases} cases, parseCompact`, () => {
  it('never throws', () => {
    const part = fc
      .uint8Array({ minLength: 1, maxLength: 24 })
      .map((bytes) => Buffer.from(bytes).toString('base64url'));
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: letters, maxLength: 80 }),
      changes.map((list) => change(token, list)),
      fc.tuple(part, part, part).map((parts) => parts.join('.')),
    );
    fc.assert(
      fc.property(anything, (text) => holds(typeof parseCompact(text).ok === 'boolean', 'no answer')),
      { numRuns: cases },
    );
  }, 120_000);

  it('never accepts a second spelling of an accepted token', () => {
    const original = bytesOf(token);
    holds(parseCompact(token).ok, 'the token itself is not accepted');
    let sameBytes = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const changed = change(token, list);
        if (changed === token || bytesOf(changed) !== original) return;
        sameBytes += 1;
        holds(!parseCompact(changed).ok, 'a second spelling is accepted');
      }),
      { numRuns: cases },
    );
    // Otherwise this says nothing: the changes must hit spellings that a lenient reader takes.
    expect(sameBytes).toBeGreaterThan(1000);
  }, 120_000);

  it('accepts only tokens that encode back to the same text', () => {
    let read = 0;
    fc.assert(
      fc.property(changes, (list) => {
        const changed = change(token, list);
        const parsed = parseCompact(changed);
        if (!parsed.ok) return;
        read += 1;
        const signature = Buffer.from(parsed.signature).toString('base64url');
        holds(`${parsed.signingInput}.${signature}` === changed, 'a token has another spelling than its parts');
      }),
      { numRuns: cases },
    );
    expect(read).toBeGreaterThan(1000);
  }, 120_000);
});

describe(`over ${cases} cases, parseProof`, () => {
  it('never throws, and accepts only proofs', () => {
    const proof = forgeProof({}, { htm: 'GET', htu: 'https://api.test/', iat: 1, ath: 'x' });
    const [header = '', payload = '', signature = ''] = proof.split('.');
    const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined));
    const names = fc.constantFrom('typ', 'alg', 'jwk', 'crit', 'jti', 'htm', 'htu', 'iat', 'ath', 'nonce');
    const encode = (part: string, changes: object) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...changes })).toString(
        'base64url',
      );
    const anything = fc.oneof(
      { weight: 9, arbitrary: changes.map((list) => change(proof, list)) },
      // Importing a key costs more than all else.
      fc
        .dictionary(names, odd, { minKeys: 1, maxKeys: 2 })
        .map((members) => `${encode(header, members)}.${encode(payload, members)}.${signature}`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const read = parseProof(text, ['ES256']);
        if (read === undefined) return;
        const whole = `${read.signingInput}.${Buffer.from(read.signature).toString('base64url')}`;
        holds(
          whole === text && read.text === text && read.alg === 'ES256' && read.jti !== '',
          'something else was read',
        );
      }),
      { numRuns: cases },
    );
    holds(parseProof(proof, ['ES256']) !== undefined, 'the proof itself is not read');
    holds(parseProof(proof, ['RS256']) === undefined, 'another algorithm is read');
  }, 120_000);
});

describe(`over ${cases} cases, readBearer`, () => {
  const fields = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: letters, maxLength: 60 }),
    changes.map((list) => change(`Bearer ${token}`, list)),
  );

  it('never throws, and never returns `none` for present credentials', () => {
    fc.assert(
      fc.property(fields, (authorization) => {
        const read = readBearer({ headers: { authorization }, rawHeaders: ['Authorization', authorization] });
        holds(read.kind !== 'none', 'credentials are overlooked');
      }),
      { numRuns: cases },
    );
  }, 120_000);

  it('returns the complete text after the scheme and the spaces, unchanged', () => {
    let read = 0;
    fc.assert(
      fc.property(fields, (authorization) => {
        const credentials = readBearer({ headers: { authorization } });
        if (credentials.kind !== 'token') return;
        read += 1;
        // RFC 9110 §11.1: the case of the scheme and the number of spaces mean nothing; anything else would.
        const [, scheme = '', rest] = /^(bearer|dpop) +([^ ].*)$/is.exec(authorization) ?? [];
        holds(rest === credentials.token, 'the token is not what was sent');
        holds(scheme.toLowerCase() === credentials.scheme, 'the scheme is not what was sent');
      }),
      { numRuns: cases },
    );
    expect(read).toBeGreaterThan(1000);
  }, 120_000);
});
