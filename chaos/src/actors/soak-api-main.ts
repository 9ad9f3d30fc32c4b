import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createVerifier, protect } from '@revocast/middleware';
import express from 'express';
import { issuer } from '../tokens.ts';
import { measure } from './measure.ts';
import { type ActorMessage, readSettings, type SoakApiSettings } from './message.ts';

// An API as a user has it, for a soak: it writes nothing down, so that what grows is not ours.

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
// Connections of the load last as long as the soak, however slow the machine is.
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
