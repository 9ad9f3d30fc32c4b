import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openTokenFile } from '../../src/listeners/token-file.ts';

const first = 'first-token-0123456789';
const second = 'second-token-9876543210';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-token-'));
  path = join(folder, 'token');
});

afterEach(() => rmSync(folder, { recursive: true }));

function open(text: string) {
  writeFileSync(path, text);
  return openTokenFile(path);
}

describe('given a token file', () => {
  it('permits only its token, with the scheme in any case', () => {
    const tokens = open(`${first}\n`);
    expect(tokens.permits(`Bearer ${first}`)).toBe(true);
    expect(tokens.permits(`bearer  ${first} `)).toBe(true);
    for (const header of [
      undefined,
      '',
      first,
      'Bearer',
      'Bearer ',
      `Basic ${first}`,
      `Bearer ${first}x`,
      `Bearer ${first} x`,
    ]) {
      expect(tokens.permits(header)).toBe(false);
    }
    expect(tokens.permits(`Bearer ${first.slice(0, -1)}`)).toBe(false);
  });

  it('applies a rotation without a restart: old token, both, new token', () => {
    const tokens = open(first);
    const permitted = () => [first, second].map((token) => tokens.permits(`Bearer ${token}`));
    expect(permitted()).toEqual([true, false]);
    writeFileSync(path, `${first}\n${second}\n`);
    expect(permitted()).toEqual([true, true]);
    writeFileSync(path, second);
    expect(permitted()).toEqual([false, true]);
  });

  it.each(['', 'short', 'a\nb\nc'])('keeps the last valid tokens while the file holds "%s"', (broken) => {
    const tokens = open(first);
    writeFileSync(path, broken);
    expect(tokens.permits(`Bearer ${first}`)).toBe(true);
  });

  it('keeps the last valid tokens while the file is missing', () => {
    const tokens = open(first);
    rmSync(path);
    expect(tokens.permits(`Bearer ${first}`)).toBe(true);
    expect(tokens.permits(`Bearer ${second}`)).toBe(false);
  });
});

describe('given an invalid file', () => {
  it.each([
    ['an empty file', '\n\n', 'holds 0 tokens'],
    ['three tokens', `${first}\n${second}\n${first}`, 'holds 3 tokens'],
    ['a token of 15 characters', 'a'.repeat(15), 'expected tokens of 16–512 characters'],
    ['a token of 513 characters', 'a'.repeat(513), 'expected tokens of 16–512 characters'],
    ['a token with a space', `${first} ${second}`, 'expected tokens of 16–512 characters'],
  ])('rejects %s, and names the option but not the content', (_name, text, message) => {
    expect(() => open(text)).toThrow(message);
    expect(() => open(text)).toThrow(/^tokenFile: /);
    expect(() => open(text)).not.toThrow(first);
  });

  it('accepts tokens at both bounds', () => {
    expect(open('a'.repeat(16)).permits(`Bearer ${'a'.repeat(16)}`)).toBe(true);
    expect(open('a'.repeat(512)).permits(`Bearer ${'a'.repeat(512)}`)).toBe(true);
  });

  it('rejects a file that does not exist', () => {
    expect(() => openTokenFile(join(folder, 'none'))).toThrow(/^tokenFile: cannot read /);
  });
});
