import { writeSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { authOf, createVerifier, protect } from '@revocast/middleware';
import { createSigner } from '@revocast/test-support/signer';
import express from 'express';
import type { ProbeRecord } from '../history.ts';
import { monotonicMs } from '../monotonic.ts';
import { claimsOf, issuer } from '../tokens.ts';
import { encodeVerdicts, type VerdictLetter } from '../verdict-letters.ts';
import { openHistory } from '../world/recorder.ts';
import { type ActorMessage, type ApiSettings, readSettings } from './message.ts';

// The whole product: an Express app behind `protect`. The process sends HTTP requests with signed tokens to itself.

const settings = readSettings<ApiSettings>();
const { who, life, via, feedUrl, maxStalenessMs, whenUnknown, issuedAt, historyFile } = settings;
const everyMs = 50;
/** Each probe sends one request for each of the newest tokens, all at the same time. */
const newest = 12;

const audience = 'https://api.chaos.test';
const signer = await createSigner({ issuer, audience });
const verifier = createVerifier({
  issuer,
  audience,
  jwks: { keys: [{ ...signer.publicJwk, kty: signer.publicJwk.kty ?? 'EC' }] },
  revocation: { feed: feedUrl, lookup: null, maxStalenessMs, whenUnknown },
  logger: null,
});
const app = express();
app.use(protect(verifier));
app.get('/', (incoming, response) => {
  response.send(authOf(incoming).revocation);
});
const server = createServer(app).listen(0, '127.0.0.1');
await new Promise((resolve) => {
  server.once('listening', resolve);
});
const { port } = server.address() as AddressInfo; // of a TCP server that listens
const agent = new Agent({ keepAlive: true, maxSockets: newest });

const file = openHistory(historyFile);
const minted: Promise<string>[] = [];
let reportedFresh = false;

process.on('message', (message: ActorMessage) => {
  if (message.tell === 'tokens') watch(message.tokens);
  if (message.tell === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
watch(settings.tokens);
void probeForEver();
process.send?.('started');

function watch(tokens: number): void {
  for (let token = minted.length; token < tokens; token++) minted.push(signer.sign(claimsOf(token, issuedAt)));
}

async function probeForEver(): Promise<never> {
  for (;;) {
    const from = Math.max(0, minted.length - newest);
    const tokens = await Promise.all(minted.slice(from));
    const before = freshness();
    const startMs = monotonicMs();
    const letters = await Promise.all(tokens.map(ask));
    const after = freshness();
    write({ startMs, endMs: monotonicMs(), from, verdicts: encodeVerdicts(letters), ...both(before, after) });
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
}

function ask(token: string): Promise<VerdictLetter> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = request({ host: '127.0.0.1', port, agent, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body === 'active' ? 'a' : 'p');
        else if (response.statusCode === 401) resolve('r');
        else if (response.statusCode === 503) resolve('u');
        else reject(new Error(`the app answered ${response.statusCode}; expected 200, 401 or 503`));
      });
    });
    sent.on('error', reject).end();
  });
}

interface Seen {
  readonly fresh: boolean;
  readonly cause?: string;
}

function freshness(): Seen {
  const replica = verifier.status().revocation?.replica;
  const { state, cause } = replica?.freshness ?? { state: 'cold', cause: 'cold' };
  return { fresh: state === 'fresh', cause };
}

/** The state can change while the requests run: a probe is fresh only if the replica was fresh before and after it. */
function both(before: Seen, after: Seen): Seen {
  if (before.fresh && after.fresh) return { fresh: true };
  return { fresh: false, cause: after.cause ?? before.cause ?? 'changed during the probe' };
}

function write(probe: Omit<ProbeRecord, 'kind' | 'who' | 'life' | 'via'>): void {
  const record: ProbeRecord = { kind: 'probe', who, life, via, ...probe };
  writeSync(file, `${JSON.stringify(record)}\n`);
  if (probe.fresh === reportedFresh) return;
  reportedFresh = probe.fresh;
  process.send?.({ fresh: reportedFresh });
}
