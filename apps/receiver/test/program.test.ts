import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { printHelp } from '../src/commands/help.ts';
import { receiverOptions } from '../src/config/receiver-options.ts';
import { folder, secretIn } from './world.ts';

jest.setTimeout(30_000);

/** The compiled program; `npm test` compiles it first. */
const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

const valid = `log: redis://:hunter2@redis:6379
sources:
  - { name: sso, kind: backchannel-logout, issuer: https://sso.example.com, audience: [shop] }
`;

describe('the help of a receiver', () => {
  it('shows each option in its help, except the nested one, which has no flag', () => {
    const help = printHelp();
    for (const { flag, type } of receiverOptions.options) expect(help.includes(flag)).toBe(type !== 'nested');
  });
});

describe('the program', () => {
  it('prints a valid configuration without its password', async () => {
    const path = secretIn(folder(cleanUps), 'receiver.yaml', valid);
    expect(await run('config', 'validate', '--config', path)).toMatchObject({ code: 0, stdout: 'valid\n' });
    const { code, stdout } = await run('--print-config', '--config', path);
    expect(code).toBe(0);
    expect(stdout).toContain('log: redis:***');
    expect(stdout).not.toContain('hunter2');
  });

  it('ends with 2 and every mistake, for a wrong configuration', async () => {
    const path = secretIn(folder(cleanUps), 'receiver.yaml', `${valid}drainMs: -1\nspol: /s\n`);
    const { code, stderr } = await run('--config', path);
    expect(code).toBe(2);
    expect(stderr).toContain('drainMs (');
    expect(stderr).toContain('did you mean spool?');
    expect(stderr).not.toContain('hunter2');
  });

  const ssf = 'kind: ssf, issuer: "https://a.example", audience: [x]';
  it.each([
    ['secretFile', 'kind: okta-event-hook, issuer: "https://a.example"', 'secretFile: /nowhere/secret'],
    ['authorizationFile', `${ssf}, delivery: push`, 'authorizationFile: /nowhere/secret'],
    [
      'authorizationFile',
      `${ssf}, delivery: push, manage: true, receiverUrl: "https://r.example/x", clientId: c, clientSecretFile: ${import.meta.filename}`,
      'authorizationFile: /nowhere/secret',
    ],
    ['accessTokenFile', `${ssf}, delivery: poll, pollUrl: "https://a.example/p"`, 'accessTokenFile: /nowhere/secret'],
    [
      'clientSecretFile',
      `${ssf}, delivery: poll, pollUrl: "https://a.example/p", clientId: c`,
      'clientSecretFile: /nowhere/secret',
    ],
    [
      'subjects.bearerFile',
      `${ssf}, delivery: push`,
      'subjects: { url: "https://d.example/s", bearerFile: /nowhere/secret }',
    ],
    [
      'endRefreshTokens.bearerFile',
      'kind: global-token-revocation, issuer: "https://a.example", audience: [x]',
      'endRefreshTokens: { url: "https://d.example/e", bearerFile: /nowhere/secret }',
    ],
  ])('ends with 2 when %s cannot be read, of: %s', async (option, options, file) => {
    const listen = 'dataListen: 127.0.0.1:0\nadminListen: 127.0.0.1:0\n';
    const path = secretIn(
      folder(cleanUps),
      'receiver.yaml',
      `${valid}  - { name: hook, ${options}, ${file} }\n${listen}`,
    );
    const problem = { code: 2, stdout: '', stderr: `sources.hook.${option}: cannot read /nowhere/secret (ENOENT)\n` };
    expect(await run('--config', path)).toEqual(problem);
    expect(await run('config', 'validate', '--config', path)).toEqual(problem);
    expect(await run('config', 'print', '--config', path)).toMatchObject({ code: 0 });
  });

  it('ends with 2 when the file of a credential is empty', async () => {
    const empty = secretIn(folder(cleanUps), 'token', '\n');
    const poll = `  - { name: p, ${ssf}, delivery: poll, pollUrl: "https://a.example/p", accessTokenFile: ${empty} }\n`;
    const path = secretIn(folder(cleanUps), 'receiver.yaml', `${valid}${poll}`);
    expect(await run('config', 'validate', '--config', path)).toEqual({
      code: 2,
      stdout: '',
      stderr: `sources.p.accessTokenFile: expected a secret in ${empty}, found an empty file\n`,
    });
  });

  it('ends with 2 when its address is in use', async () => {
    const path = secretIn(
      folder(cleanUps),
      'receiver.yaml',
      `${valid}dataListen: 127.0.0.1:1\nadminListen: 127.0.0.1:1\n`,
    );
    const { code, stderr } = await run('--config', path);
    // Port 1 needs rights, or is taken by the first of the two listeners.
    expect(code).toBe(2);
    expect(stderr).toMatch(/^(dataListen|adminListen): cannot listen on 127\.0\.0\.1:1 \((EACCES|EADDRINUSE)\)/);
  });
});
