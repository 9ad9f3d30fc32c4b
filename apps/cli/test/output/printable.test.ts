import { describe, expect, it } from '@jest/globals';
import { cleanWorld, printable } from '../../src/output/printable.ts';
import { runIn, testWorld } from '../test-world.ts';

const evil = 'x\u001b[2J\u001b[31m\u009b\u202e\u0007\nok all is well';
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = [
  part({ alg: evil, kid: evil, typ: evil }),
  part({ iss: 'https://issuer.test', aud: evil, sub: evil }),
  'AAAA',
].join('.');

/** A world in which every server answers with the text, and every file contains the token. */
function evilWorld(isTerminal = false) {
  const world = testWorld({
    fetch: async () =>
      new Response(JSON.stringify({ ok: false, cause: evil, check: evil, remedy: evil, version: evil, issuer: evil }), {
        status: 503,
        headers: { 'content-type': 'application/json' },
      }),
    readFile: (path) => (path === 'keys' ? '{"keys":[]}' : token),
  });
  return { ...world, stdout: { ...world.stdout, isTerminal }, stderr: { ...world.stderr, isTerminal } };
}

const closed = ['--sidecar', 'http://127.0.0.1:1', '--sidecar-admin', 'http://127.0.0.1:1'];
const explain = ['explain', '--jwt-file', 'token', '--jwks-file', 'keys', '--issuer', 'https://issuer.test'];
const commands: readonly (readonly string[])[] = [
  ['status', ...closed],
  ['doctor', ...closed, '--issuer', 'https://issuer.test'],
  explain,
  ['revoke', '--source', evil, '--issuer', 'https://issuer.test', '--session', evil],
  ['lift', '--source', `unix:/${evil}`, '--issuer', evil, '--session', evil],
  ['tail', '--source', `unix:/${evil}`, '--timeout', '100'],
  // Commander quotes an argument with its ends of lines: it comes from the operator.
  [evil.replace('\n', '')],
];

describe.each(commands.map((argv) => [argv[0]?.startsWith('x') ? 'an unknown command' : argv[0]!, argv] as const))(
  'the output of %s',
  (_, argv) => {
    it.each([
      ['text', [], false],
      ['text on a terminal', [], true],
      ['JSON', ['--json'], false],
    ] as const)('has no escapes and no lines of another origin as %s', async (_form, more, isTerminal) => {
      const { out, err } = await runIn(evilWorld(isTerminal), ...argv, ...more);
      const text = (out + err).replace(/\u001b\[(?:0|1|2|3[1-6])m/g, isTerminal ? '' : '$&');
      expect(text).not.toBe('');
      expect(text.match(/[\0-\t\v-\x1f\x7f-\x9f\u202a-\u202e]/g)).toBeNull();
      expect(text).not.toMatch(/^ok all is well/m);
    });
  },
);

it('replaces each control and format character of a value, and keeps every letter', () => {
  expect(printable(evil)).toBe('x?[2J?[31m????ok all is well');
  expect(printable('José 李')).toBe('José 李');
});

it('writes them as escapes in JSON, so that its values stay the same', () => {
  const world = testWorld();
  cleanWorld(world).stdout.write(`${JSON.stringify({ label: evil })}\n`);
  expect(JSON.parse(world.written.out)).toEqual({ label: evil });
  expect(world.written.out).toMatch(/^[\x20-\x7e]+\n$/);
});

it('keeps the colours of this program on a terminal only', () => {
  for (const isTerminal of [true, false]) {
    const world = testWorld();
    const colour = '\u001b[31mFAIL\u001b[0m \u001b[2J\n';
    cleanWorld({ ...world, stdout: { ...world.stdout, isTerminal } }).stdout.write(colour);
    expect(world.written.out).toBe(isTerminal ? '\u001b[31mFAIL\u001b[0m ?[2J\n' : '?FAIL? ?[2J\n');
  }
});
