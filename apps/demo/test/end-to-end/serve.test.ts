import { readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@revocast/test-support';
import { type Supervised, supervise } from '@revocast/test-support/supervisor';
import { demoScript } from './run-demo.ts';

let demo: Supervised;
const lines: string[] = [];

beforeAll(async () => {
  demo = await supervise({
    name: 'demo',
    script: demoScript,
    args: ['--serve'],
    ready: (line) => line === 'Running until Ctrl-C.',
    readyTimeoutMs: 30_000,
    stdio: (line) => lines.push(line),
  });
}, 40_000);
afterAll(async () => {
  await demo.stop();
});

/** The printed curl command with this comment. */
function curlFor(comment: string): { url: string; file: string | undefined } {
  const line = lines.find((candidate) => candidate.endsWith(`# ${comment}`)) ?? '';
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`the demo printed no curl command with the comment "# ${comment}"`);
  return { url, file: /-H @(\S+)/.exec(line)?.[1] };
}

/** Sends the request of the curl command, with the header from the file. */
function send({ url, file }: ReturnType<typeof curlFor>): Promise<Response> {
  const header =
    file === undefined
      ? undefined
      : readFileSync(file, 'utf8')
          .trim()
          .replace(/^Authorization: /, '');
  return fetch(url, { headers: header === undefined ? {} : { authorization: header } });
}

const pidsOf = (name: RegExp): number[] => {
  const line = lines.find((candidate) => candidate.startsWith('processes')) ?? '';
  const pairs = line
    .replace('processes', '')
    .split('·')
    .map((pair) => pair.trim().split(' '));
  return pairs.filter(([process = '']) => name.test(process)).map(([, pid]) => Number(pid));
};

describe('the demo with --serve', () => {
  it('prints no token, and writes tokens to files that only their owner can read', () => {
    expect(lines.join('\n')).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
    expect(statSync(curlFor('200').file ?? '').mode & 0o777).toBe(0o600);
  });

  it('accepts a good token', async () => {
    expect((await send(curlFor('200'))).status).toBe(200);
  });

  it('answers 401 without an error code to a request without a token', async () => {
    const response = await send(curlFor('401 without an error code'));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer(?!.*error=)/);
  });

  it('answers 401 invalid_token to a revoked token', async () => {
    const response = await send(curlFor('401 invalid_token'));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('answers 403 to a token without the scope', async () => {
    const response = await send(curlFor('403'));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  it('names the console of each sidecar', async () => {
    const urls = lines.flatMap((line) => /^ +(http\S+\/console) {3}of api-\d$/.exec(line)?.[1] ?? []);
    expect(urls).toHaveLength(3);
    for (const url of urls) expect(await (await fetch(url)).text()).toContain('<h1>Revocast sidecar</h1>');
  });

  it('prints the URL of the issuer’s metrics, and issuer and APIs count', async () => {
    const scrape = async (url: string) => await (await fetch(url)).text();
    const issuersUrl = /its metrics: (\S+)$/.exec(lines.find((line) => line.startsWith('issuer ')) ?? '')?.[1] ?? '';
    const success = 'oauth2_token_issued_total{grant_type="authorization_code",result="success",client_class="spa"}';
    // alice, bob and mallory. The issuer did not revoke mallory’s token, so it counts as active.
    expect(await scrape(issuersUrl)).toContain(`${success} 3\n`);
    expect(await scrape(issuersUrl)).toContain('oauth2_token_active 3\n');
    const apis = await scrape(new URL('/metrics', curlFor('200').url).href);
    expect(apis).toContain('oauth2_token_validated_total{result="accepted",reason="none",client_class="spa"} ');
    expect(apis).toContain('\nrevocast_verifications_total{');
  });

  it('answers 503 with Retry-After after Redis and the sidecars were killed', async () => {
    const pids = [...pidsOf(/^redis$/), ...pidsOf(/^sidecar/)];
    expect(pids).toHaveLength(4);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const response = await until(
      async () => {
        const answer = await send(curlFor('200'));
        return answer.status === 503 ? answer : undefined;
      },
      { what: 'a 503', timeoutMs: 10_000, everyMs: 100 },
    );
    expect(response.headers.get('retry-after')).toMatch(/^[1-5]$/);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect((await send(curlFor('401 invalid_token'))).status).toBe(401);
  }, 15_000);

  it('ends with code 0 on SIGTERM, and removes its files', async () => {
    const { file = '' } = curlFor('200');
    const exit = await demo.stop();
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(() => statSync(file)).toThrow('ENOENT');
  }, 15_000);
});
