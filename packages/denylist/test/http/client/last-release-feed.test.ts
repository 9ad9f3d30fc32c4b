import { afterEach, describe, expect, it } from '@jest/globals';
import { createHttpFeed } from '../../../src/http/client/feed.ts';
import { paths } from '../../../src/http/wire/wire.ts';
import { systemClock as clock } from '../../../src/system-clock.ts';
import { reader } from '../../replication/scripted-feed.ts';
import { startScriptedServer } from './scripted-server.ts';

const cursor = `${'a'.repeat(16)}.0`;
const from = { epoch: 'e1', head: cursor, cursor, healing: false, maxTokenLifetimeSeconds: 1, minReader: 1 };
const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

/** Reads the events of a sidecar of the last release that never ends one of them. */
async function readEndless(part: string): Promise<void> {
  const server = await startScriptedServer((request, response) => {
    if (request.url === paths.stream) return response.writeHead(404).end();
    if (request.url !== paths.events) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = () => {
      while (!response.destroyed && response.write(part));
      response.once('drain', write);
    };
    write();
  });
  const stop = new AbortController();
  closeAll.push(() => {
    stop.abort();
    server.close();
  });
  const connection = await createHttpFeed(server.source, { clock }).connect(stop.signal, reader);
  for await (const _ of connection.tail(from));
}

describe('given a sidecar of the last release', () => {
  it.each([
    ['a line', 'x'.repeat(50_000)],
    ['an event', `data: ${'x'.repeat(50_000)}\n`],
  ])('gives up on %s without an end', async (_, part) => {
    await expect(readEndless(part)).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('expected events of at most 1048576 characters, found a longer one'),
    });
  });
});
