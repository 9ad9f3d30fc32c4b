import { describe, expect, it } from '@jest/globals';
import { printConfig, printProblems } from '@revocast/sidecar/service';
import { receiverOptions } from '../src/config/receiver-options.ts';
import { resolveReceiver } from '../src/program.ts';

const logout = 'name: sso\n    kind: backchannel-logout\n    issuer: https://sso.example.com\n    audience: [shop]';

function resolve(yaml: string, argv: readonly string[] = [], environment: Record<string, string> = {}) {
  const files = new Map([
    ['/r.yaml', yaml],
    ['/log', 'redis://:hunter2@redis:6379\n'],
  ]);
  return resolveReceiver({ argv, environment, configFile: '/r.yaml', readFile: (path) => files.get(path) ?? '' });
}

function problemsOf(yaml: string): string {
  const resolved = resolve(yaml);
  return resolved.ok ? 'accepted' : printProblems(resolved.problems);
}

const withSource = (source: string) => `log: redis://redis\nsources:\n  - ${source}\n`;

describe('the configuration of a receiver', () => {
  it('takes flags before the environment before the file', () => {
    const yaml = `${withSource(logout)}drainMs: 1s\nlogLevel: warn\n`;
    const resolved = resolve(yaml, ['--drain-ms=3s'], { REVOCAST_DRAIN_MS: '2s', REVOCAST_LOG_LEVEL: 'error' });
    expect(resolved).toMatchObject({ ok: true, config: { drainMs: 3000, logLevel: 'error' } });
  });

  it('reads the URL of the log from a file, and masks it', () => {
    const resolved = resolve(`logFile: /log\nsources:\n  - ${logout}\n`);
    if (!resolved.ok) throw new Error('expected a valid configuration');
    const printed = printConfig(resolved, receiverOptions);
    expect(printed).toContain('log: redis:***');
    expect(printed).not.toContain('hunter2');
    expect(printed).toContain('"name":"sso"');
  });

  it.each([
    ['no sources', 'log: redis://redis\n', 'sources: expected a list of 1–100 sources'],
    ['an empty list', 'log: redis://redis\nsources: []\n', 'sources (/r.yaml): expected a list of 1–100 sources'],
    [
      'an unknown kind',
      withSource('name: a\n    kind: saml'),
      'sources[0].kind: expected one of backchannel-logout, ssf',
    ],
    [
      'a misspelt option',
      withSource(`${logout}\n    audiense: [x]`),
      'sources[0].audiense: unknown option; did you mean audience?',
    ],
    [
      'a misspelt option above',
      `${withSource(logout)}spol: /x\n`,
      'spol (/r.yaml): unknown option; did you mean spool?',
    ],
    [
      'a name that is no label',
      withSource(logout.replace('sso\n', 'S S\n')),
      'sources[0].name: expected 1–64 characters',
    ],
    ['the same name twice', `${withSource(logout)}  - ${logout}\n`, 'sources[1].name: expected a name of its own'],
    ['no audience', withSource(logout.replace('[shop]', '[]')), 'sources[0].audience: needed'],
    [
      'plain http',
      withSource(logout.replace('https:', 'http:')),
      'sources[0].issuer: expected https:, or dangerouslyAllowHttp: true',
    ],
    [
      'plain http in another case',
      withSource(logout.replace('https:', 'HTTP:')),
      'sources[0].issuer: expected https:, or dangerouslyAllowHttp: true',
    ],
    [
      'a token for a directory over plain http',
      withSource(`${logout}\n    subjects: { url: "http://directory/s", bearerFile: /b }`),
      'sources[0].subjects.url: expected https: beside bearerFile, or dangerouslyAllowHttp: true',
    ],
    [
      'an issuer without a scheme, and no key set',
      withSource(logout.replace('https://', '')),
      'sources[0].jwksUri: needed, because issuer is not an https: URL',
    ],
    [
      'a managed stream at an issuer without a scheme',
      withSource(
        '{ name: a, kind: ssf, delivery: poll, manage: true, issuer: "localhost:80", jwksUri: "https://a.example/k", accessTokenFile: /t }',
      ),
      'sources[0].transmitter: needed with manage, because issuer is not an https: URL',
    ],
    [
      'a client without a token endpoint at an issuer without a scheme',
      withSource(
        '{ name: a, kind: ssf, delivery: poll, audience: [x], pollUrl: "https://a.example/p", issuer: a.example, jwksUri: "https://a.example/k", clientId: c, clientSecretFile: /t }',
      ),
      'sources[0].tokenEndpoint: needed with clientId, because issuer is not an https: URL',
    ],
    [
      'an unknown right',
      withSource(`${logout}\n    allow: [everything]`),
      'sources[0].allow: expected block or lift or tenant',
    ],
    [
      'a poll without a credential',
      withSource(
        '{ name: a, kind: ssf, delivery: poll, issuer: https://a.example, audience: [x], pollUrl: https://a.example/p }',
      ),
      'sources[0].clientId: needed for the transmitter',
    ],
    [
      'an unknown event',
      withSource(
        '{ name: a, kind: ssf, delivery: push, issuer: https://a.example, audience: [x], events: { logut: off } }',
      ),
      'sources[0].events: expected a mapping',
    ],
    [
      'a verification that is off',
      withSource(
        '{ name: a, kind: ssf, delivery: push, issuer: https://a.example, audience: [x], events: { verification: "off" } }',
      ),
      'sources[0].events.verification: expected another type for off',
    ],
    [
      'global revocation that ends no refresh tokens',
      withSource('{ name: a, kind: global-token-revocation, issuer: https://a.example, audience: [x] }'),
      'sources[0].endRefreshTokens: expected a mapping with url',
    ],
    [
      'a mapping without an id',
      withSource(
        '{ name: a, kind: signed-json, issuer: https://a.example, secretFile: /s, mapping: { type: /t, rules: {} } }',
      ),
      'sources[0].mapping.id: expected a JSON pointer',
    ],
  ])('refuses %s, by its place', (_what, yaml, problem) => {
    expect(problemsOf(yaml)).toContain(problem);
  });

  it('accepts an issuer that is not a URL beside a key set', () => {
    const yaml = withSource(`${logout.replace('https://', '')}\n    jwksUri: https://sso.example.com/keys`);
    expect(problemsOf(yaml)).toBe('accepted');
  });

  it('never shows a value of a source in a mistake', () => {
    const yaml = withSource(logout.replace('https://sso.example.com', 'hunter2 hunter2'));
    expect(problemsOf(yaml)).toContain('sources[0].issuer: expected');
    expect(problemsOf(yaml)).not.toContain('hunter2');
  });
});
