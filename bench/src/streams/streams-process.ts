// One API process with `protect`, behind a sidecar, and with open streams.
import { type Auth, createVerifier, protect, type Verifier, type Watch } from '@revocast/middleware';
import { answerParent } from '../answer-parent.ts';
import { cpuUs } from '../cpu.ts';
import { readMessage, textIn } from '../message.ts';
import { serveOrders } from '../serve-orders.ts';

let verifier: Verifier | undefined;
const auths: Auth[] = [];
let watches: Watch[] = [];

answerParent(async (order) => {
  if (order === 'open') return open();
  if (order === 'close') return close();
  if (order === 'cpu') return { cpuUs: cpuUs() };
  const message = readMessage(order);
  const { tokens } = message;
  return Array.isArray(tokens) ? await accept(tokens.map(String)) : await serve(message);
});

async function serve(message: ReturnType<typeof readMessage>): Promise<object> {
  const [issuer, audience, feed] = [textIn(message, 'issuer'), textIn(message, 'audience'), textIn(message, 'feed')];
  verifier = createVerifier({ issuer, audience, dangerouslyAllowHttp: true, revocation: { feed }, logger: null });
  if (!(await verifier.ready({ timeoutMs: 60_000 }))) throw new Error('the denylist was not fresh within a minute');
  return { port: await serveOrders(protect(verifier)) };
}

/** Accepts the tokens of the streams, so that `open` measures the watches alone. */
async function accept(tokens: readonly string[]): Promise<object> {
  for (const token of tokens) {
    const decision = await verifier?.verify({ headers: { authorization: `Bearer ${token}` } });
    if (decision?.outcome !== 'accepted') throw new Error('expected an accepted token');
    auths.push(decision.auth);
  }
  return { accepted: auths.length };
}

function open(): object {
  if (verifier === undefined) throw new Error('expected a process that serves');
  const opening = verifier;
  const bytesBefore = heldBytes();
  const cpuBefore = cpuUs();
  watches = auths.map((auth) => opening.watch(auth, { onEnd() {} }));
  const spentUs = cpuUs() - cpuBefore;
  return { usEach: spentUs / auths.length, bytesEach: (heldBytes() - bytesBefore) / auths.length };
}

function close(): object {
  const open = verifier?.status().streams?.watched;
  for (const watch of watches.splice(0)) watch.close();
  return { open };
}

/** After two garbage collections: the first one frees the memory of typed arrays late. */
function heldBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
