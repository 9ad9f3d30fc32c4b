import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support/fake-clock';
import { graceMs, rereadMs, TokenFile } from '../../src/listeners/token-file.ts';

const first = 'first-token-0123456789';
const second = 'second-token-9876543210';

let folder: string;
let path: string;
let clock: FakeClock;
let lost: string[];
const opened: TokenFile[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocast-token-'));
  path = join(folder, 'token');
  clock = new FakeClock();
  lost = [];
});
afterEach(() => {
  for (const file of opened.splice(0)) file.close();
  rmSync(folder, { recursive: true });
});

function open(text: string, at = path): TokenFile {
  writeFileSync(path, text);
  const read = async (file: string) => readFileSync(file, 'utf8');
  const file = new TokenFile({
    option: 'writeTokenFile',
    path: at,
    clock,
    read,
    onLost: (reason) => lost.push(reason),
  });
  opened.push(file);
  return file;
}

/** Whether it has the first and the second token, after it was read again. */
async function readAgain(file: TokenFile) {
  await clock.advance(rereadMs);
  return { first: file.has(first), second: file.has(second) };
}

describe('given a token file', () => {
  it('has its token and no other', () => {
    const file = open(`${first}\n`);
    expect(file.has(first)).toBe(true);
    for (const other of ['', first.slice(0, -1), `${first}x`, second]) expect(file.has(other)).toBe(false);
  });

  it('applies a rotation without a restart: old token, both, new token', async () => {
    const file = open(first);
    writeFileSync(path, `${first}\n${second}\n`);
    expect(await readAgain(file)).toEqual({ first: true, second: true });
    writeFileSync(path, second);
    expect(await readAgain(file)).toEqual({ first: false, second: true });
    expect(lost).toEqual([]);
  });

  it.each<[string, () => void, RegExp]>([
    ['missing', () => rmSync(path), /^cannot read /],
    ['empty', () => writeFileSync(path, ''), /holds 0 tokens/],
    ['not readable as tokens', () => writeFileSync(path, 'short'), /expected tokens of 16–512 characters/],
  ])(
    'keeps its tokens for a while when the file is %s, and then drops them with one warning',
    async (_name, spoil, reason) => {
      const file = open(first);
      spoil();
      for (let ms = 0; ms < graceMs - rereadMs; ms += rereadMs)
        expect(await readAgain(file)).toEqual({ first: true, second: false });
      expect(await readAgain(file)).toEqual({ first: false, second: false });
      await clock.advance(rereadMs);
      expect(lost).toEqual([expect.stringMatching(reason)]);
      expect(lost.join()).not.toContain(first);

      writeFileSync(path, second);
      expect(await readAgain(file)).toEqual({ first: false, second: true });
    },
  );

  it('is not read per request', () => {
    const file = open(first);
    rmSync(path);
    expect(file.has(first)).toBe(true);
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
    expect(() => open(text)).toThrow(/^writeTokenFile: /);
    expect(() => open(text)).not.toThrow(first);
  });

  it('accepts tokens at both bounds', () => {
    expect(open('a'.repeat(16)).has('a'.repeat(16))).toBe(true);
    expect(open('a'.repeat(512)).has('a'.repeat(512))).toBe(true);
  });

  it('rejects a file that does not exist', () => {
    expect(() => open(first, join(folder, 'none'))).toThrow(/^writeTokenFile: cannot read /);
  });
});
