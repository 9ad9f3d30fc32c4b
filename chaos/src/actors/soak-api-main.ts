import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, protect } from '@revocast/middleware';
import express from 'express';
import { issuer } from '../tokens.ts';
import { measure } from './measure.ts';
import { type ActorMessage, readSettings, type SoakApiSettings } from './message.ts';

// An ordinary API for a soak. It records no history, so that growth of its memory comes from the product.

const { feedUrl, publicJwk, audience } = readSettings<SoakApiSettings>();
const verifier = createVerifier({
  issuer,
  audience,
  jwks: { keys: [publicJwk] },
  revocation: { feed: feedUrl, lookup: null },
  logger: null,
});
const app = express();
app.use(protect(verifier));
app.get('/', (_request, response) => void response.send('ok'));
// Longer than a pause between two requests of the load, so that the server closes no connection of the load.
const server = createServer({ keepAliveTimeout: 600_000 }, app).listen(0, '127.0.0.1');
await new Promise((resolve) => {
  server.once('listening', resolve);
});

process.on('message', (message: ActorMessage) => {
  if (message.tell === 'measure') {
    const rules = verifier.status().revocation?.replica?.rules ?? 0;
    process.send?.({ figures: { ...measure(), rules } });
  }
  if (message.tell === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
await verifier.ready({ timeoutMs: 20_000 });
process.send?.({ port: (server.address() as AddressInfo).port }); // of a TCP server that listens
process.send?.('started');
