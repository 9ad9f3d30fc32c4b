import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

const run = promisify(execFile);
const bundler = createRequire(import.meta.url).resolve('esbuild');
const entry = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'revocast-verifier-life-'));
  const options = {
    entryPoints: [entry],
    ...{ bundle: true, platform: 'node', format: 'esm', external: ['ioredis'], outfile: join(dir, 'index.mjs') },
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  };
  await run(process.execPath, ['--eval', `require(${JSON.stringify(bundler)}).buildSync(${JSON.stringify(options)})`]);
}, 60_000);
afterAll(() => rm(dir, { recursive: true }));

it('a process that has checked several tokens in one turn ends by itself, with the verifier open', async () => {
  const path = join(dir, 'run.mjs');
  await writeFile(
    path,
    `
    import { generateKeyPairSync, sign } from 'node:crypto';
    import { createVerifier } from './index.mjs';
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const issuer = 'https://login.example.com/';
    const now = Math.floor(Date.now() / 1000);
    const mint = (sub) => {
      const input = encode({ alg: 'RS256', kid: 'k', typ: 'at+jwt' }) + '.' +
        encode({ iss: issuer, aud: 'api', sub, iat: now, exp: now + 60, jti: sub, client_id: 'c' });
      return input + '.' + sign('sha256', Buffer.from(input), privateKey).toString('base64url');
    };
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] };
    const verifier = createVerifier({ issuer, audience: 'api', jwks, revocation: null, logger: null });
    const verify = (sub) => verifier.verify({ headers: { authorization: 'Bearer ' + mint(sub) } });
    for (const round of ['a', 'b', 'c']) {
      const decisions = await Promise.all(Array.from({ length: 8 }, (_, index) => verify(round + index)));
      console.log(decisions.map(({ outcome }) => outcome).join(' '));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    `,
  );
  const { stdout } = await run(process.execPath, [path], { cwd: dir, timeout: 20_000 });
  expect(stdout).toBe(`${Array(8).fill('accepted').join(' ')}\n`.repeat(3));
}, 30_000);
