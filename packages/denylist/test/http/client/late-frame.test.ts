import { afterEach, expect, it } from '@jest/globals';
import { createHttpFeed } from '../../../src/http/client/feed.ts';
import { paths } from '../../../src/http/wire/wire.ts';
import type { FeedBatch } from '../../../src/log/feed.ts';
import { systemClock as clock, readBootId } from '../../../src/system-clock.ts';
import { reader } from '../../replication/scripted-feed.ts';
import { startScriptedServer } from './scripted-server.ts';

const closeAll: (() => void)[] = [];
afterEach(() => {
  for (const close of closeAll.splice(0)) close();
});

it('a proof that waited in a stalled link says what time it was in the log when it was proven', async () => {
  const bootId = readBootId();
  const provenAtMs = Math.floor(clock.monotonicMs()) - 2900;
  const logAtProofMs = 1_767_225_600_000;
  const server = await startScriptedServer((request, response) => {
    if (request.url === paths.stream) return response.writeHead(404).end();
    if (request.url !== paths.events) return response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: proof\ndata: 1|${provenAtMs}.000|${bootId}||${logAtProofMs}.000\n\n`);
  });
  const stop = new AbortController();
  closeAll.push(() => {
    stop.abort();
    server.close();
  });
  const connection = await createHttpFeed(server.source, { clock }).connect(stop.signal, reader);
  const cursor = `${'a'.repeat(16)}.0`;
  const from = { epoch: 'e1', head: cursor, cursor, healing: false, maxTokenLifetimeSeconds: 1, minReader: 1 };
  let batch: FeedBatch | undefined;
  for await (batch of connection.tail(from)) if (batch.provenAtMs !== undefined) break;
  expect(batch).toMatchObject({ provenAtMs, logTime: { logMs: logAtProofMs, monotonicMs: provenAtMs } });
});
