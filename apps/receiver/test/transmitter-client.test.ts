import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '@revocast/test-support';
import type { SourceOf } from '../src/config/source-list.ts';
import type { HttpRequest } from '../src/streams/http-client.ts';
import { createTransmitterClient } from '../src/streams/transmitter-client.ts';
import { folder, secretIn } from './world.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

interface Answers {
  readonly [url: string]: { readonly status: number; readonly json: unknown };
}

function open(answers: Answers, options: object = {}) {
  const sent: HttpRequest[] = [];
  const source = {
    name: 'idp',
    kind: 'ssf',
    issuer: 'https://idp.example',
    clientId: 'a client',
    clientSecretFile: secretIn(folder(cleanUps), 'secret', 'a+secret\n'),
    ...options,
  } as SourceOf<'ssf'>;
  const clock = new FakeClock();
  const client = createTransmitterClient(source, {
    clock,
    signal: new AbortController().signal,
    counted: () => undefined,
    async send(request) {
      sent.push(request);
      return answers[request.url] ?? { status: 404, json: undefined };
    },
  });
  return { client, sent, clock };
}

const metadata = { status: 200, json: { token_endpoint: 'https://idp.example/token' } };
const token = { status: 200, json: { access_token: 'abc', expires_in: 300 } };
const answers = {
  'https://idp.example/.well-known/openid-configuration': metadata,
  'https://idp.example/token': token,
  'https://idp.example/streams': { status: 200, json: [] },
};
const streams = { url: 'https://idp.example/streams', method: 'GET' } as const;

describe('a client of a transmitter', () => {
  it('gets a token with its form-encoded credential, and uses it until it expires', async () => {
    const { client, sent, clock } = open(answers);
    await client.request(streams);
    await client.request(streams);
    const basic = Buffer.from('a%20client:a%2Bsecret').toString('base64');
    expect(sent.map(({ url, authorization }) => [new URL(url).pathname, authorization])).toEqual([
      ['/.well-known/openid-configuration', undefined],
      ['/token', `Basic ${basic}`],
      ['/streams', 'Bearer abc'],
      ['/streams', 'Bearer abc'],
    ]);
    await clock.advance(270_000);
    await client.request(streams);
    expect(sent.filter(({ url }) => url.endsWith('/token'))).toHaveLength(2);
  });

  it('gets another token after a 401', async () => {
    const { client, sent } = open({ ...answers, 'https://idp.example/poll': { status: 401, json: undefined } });
    await expect(client.request({ url: 'https://idp.example/poll', method: 'POST' })).rejects.toMatchObject({
      status: 401,
    });
    await client.request(streams);
    expect(sent.filter(({ url }) => url.endsWith('/token'))).toHaveLength(2);
  });

  it.each([
    ['a host that only the metadata name', 'https://other.example/streams'],
    ['another port', 'https://idp.example:8443/streams'],
    ['plain http', 'http://idp.example/streams'],
  ])('sends nothing to %s', async (_what, url) => {
    const { client, sent } = open(answers);
    await expect(client.request({ url, method: 'GET' })).rejects.toMatchObject({ code: 'foreign_host' });
    expect(sent.filter((request) => request.url === url)).toEqual([]);
  });

  it('sends its secret to no token endpoint of another host, unless the configuration names it', async () => {
    const elsewhere = { status: 200, json: { token_endpoint: 'https://other.example/token' } };
    const foreign = { ...answers, 'https://idp.example/.well-known/openid-configuration': elsewhere };
    const { client, sent } = open(foreign);
    await expect(client.request(streams)).rejects.toMatchObject({ code: 'foreign_host' });
    expect(sent.map(({ url }) => url)).toEqual(['https://idp.example/.well-known/openid-configuration']);
    const configured = open(
      { ...foreign, 'https://other.example/token': token },
      { tokenEndpoint: 'https://other.example/token' },
    );
    expect(await configured.client.request(streams)).toMatchObject({ status: 200 });
  });

  it('says which failure it is, without a URL', async () => {
    const { client } = open({
      ...answers,
      'https://idp.example/token': { status: 400, json: { error: 'invalid_client' } },
    });
    await expect(client.request(streams)).rejects.toMatchObject({
      code: 'bad_token_answer',
      message: 'bad_token_answer (status 400)',
    });
    const gone = open(answers, { clientSecretFile: '/nowhere/secret' });
    await expect(gone.client.request(streams)).rejects.toMatchObject({ code: 'credential_unreadable' });
  });
});
