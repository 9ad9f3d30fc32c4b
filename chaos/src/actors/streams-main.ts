import { writeSync } from 'node:fs';
import { createVerifier, type Watch } from '@revocast/middleware';
import { createSigner } from '@revocast/test-support/signer';
import { monotonicMs } from '../monotonic.ts';
import { claimsOf, issuer } from '../tokens.ts';
import { encodeVerdicts, type VerdictLetter } from '../verdict-letters.ts';
import { openHistory } from '../world/recorder.ts';
import { type ActorMessage, type ApiSettings, readSettings } from './message.ts';

// An API process with one open stream for each token. Each probe sends an event on every open stream, which is an accept. The
// client of a stream that has ended comes back at once with the same token.

const settings = readSettings<ApiSettings>();
const { who, life, via, feedUrl, maxStalenessMs, whenUnknown, issuedAt, historyFile } = settings;
const everyMs = 50;
/** How long a stream may go on without a fresh denylist: up to twice as long. */
const graceMs = 500;

const audience = 'https://api.chaos.test';
const signer = await createSigner({ issuer, audience });
const verifier = createVerifier({
  issuer,
  audience,
  jwks: { keys: [{ ...signer.publicJwk, kty: signer.publicJwk.kty ?? 'EC' }] },
  revocation: { feed: feedUrl, lookup: null, maxStalenessMs, whenUnknown },
  logger: null,
});

interface Stream {
  readonly headers: { readonly authorization: string };
  watch: Watch | undefined;
}

const file = openHistory(historyFile);
const streams: Stream[] = [];
let tokens = settings.tokens;
let reportedFresh = false;

process.on('message', (message: ActorMessage) => {
  if (message.tell === 'tokens') tokens = message.tokens;
  if (message.tell === 'stop') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
void probeForEver();
process.send?.('started');

async function probeForEver(): Promise<never> {
  for (;;) {
    while (streams.length < tokens) {
      const token = await signer.sign(claimsOf(streams.length, issuedAt));
      streams.push({ headers: { authorization: `Bearer ${token}` }, watch: undefined });
    }
    const letters: VerdictLetter[] = [];
    const startMs = monotonicMs();
    const before = isFresh();
    for (const stream of streams) letters.push(await sendEvent(stream));
    const fresh = before && isFresh();
    const cause = fresh ? undefined : (verifier.status().revocation?.replica?.freshness.cause ?? 'changed');
    const verdicts = encodeVerdicts(letters);
    const record = { kind: 'probe', who, life, via, startMs, endMs: monotonicMs(), fresh, cause, from: 0, verdicts };
    writeSync(file, `${JSON.stringify(record)}\n`);
    if (fresh !== reportedFresh) process.send?.({ fresh });
    reportedFresh = fresh;
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
}

async function sendEvent(stream: Stream): Promise<VerdictLetter> {
  const { watch, headers } = stream;
  if (watch !== undefined && watch.reason === undefined) return 'a';
  const decision = await verifier.verify({ headers });
  if (decision.outcome === 'rejected') return 'r';
  if (decision.outcome === 'unavailable') return 'u';
  stream.watch = verifier.watch(decision.auth, { graceMs });
  return stream.watch.reason === undefined ? 'a' : 'u';
}

function isFresh(): boolean {
  return verifier.status().revocation?.replica?.freshness.state === 'fresh';
}
