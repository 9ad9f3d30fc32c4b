import { createServer, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { peekBody } from '../../src/express/peek-body.ts';

const body = 'grant_type=refresh_token&refresh_token=x';

describe('peekBody', () => {
  let port: number;
  let received: Promise<IncomingMessage>;
  const server = createServer();
  beforeEach(async () => {
    received = new Promise((resolve) => {
      server.once('request', (incoming, response) => {
        resolve(incoming);
        incoming.once('close', () => response.end());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('expected a port');
    ({ port } = address);
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  function post(text: string, length = text.length) {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': length } });
    sent.on('error', () => {});
    sent.write(text);
    return sent;
  }

  async function readRest(incoming: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }

  it('reads a body and puts it back', async () => {
    post(body).end();
    const incoming = await received;
    expect((await peekBody(incoming, 1000))?.toString()).toBe(body);
    expect(await readRest(incoming)).toBe(body);
  });

  it('does not wait for a client that left before it was called', async () => {
    const sent = post('grant_type=', body.length);
    const incoming = await received;
    const closed = new Promise((resolve) => incoming.once('close', resolve));
    sent.destroy();
    await closed;
    expect(await peekBody(incoming, 1000)).toBeUndefined();
  });

  it('does not wait for a client that leaves in the middle of the body', async () => {
    const sent = post('grant_type=', body.length);
    const peeked = peekBody(await received, 1000);
    sent.destroy();
    expect(await peeked).toBeUndefined();
  });

  it('does not wait for a body that has been read already', async () => {
    post(body).end();
    const incoming = await received;
    const closed = new Promise((resolve) => incoming.once('close', resolve));
    await readRest(incoming);
    await closed;
    expect(await peekBody(incoming, 1000)).toBeUndefined();
  });
});
