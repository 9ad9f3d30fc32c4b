import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Refusal } from '../refusal.ts';

/** How far the signed time may be from now, in either direction. */
const mostAgeSeconds = 300;
const longestHeader = 1024;
const mostSignatures = 4;

/**
 * Checks the header `t=<seconds>,v1=<hex>` of a webhook: `v1` is HMAC-SHA256 over `<t>.<body>`, the body as received. Zitadel
 * signs its Actions in this way. A signature without a time is not accepted: it could be replayed for ever.
 *
 * @param secrets two while a secret is being replaced. At least 16 bytes each, which the configuration has checked.
 * @returns why the message is refused; undefined when a signature matches.
 */
export function checkSignature(
  { header, body }: { readonly header: string | undefined; readonly body: Uint8Array },
  secrets: readonly Uint8Array[],
  nowMs: number,
): Refusal | undefined {
  const read = readSignatureHeader(header, nowMs);
  if (typeof read === 'string') return read;
  const { time, signatures } = read;
  let matches = false;
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(`${time}.`).update(body).digest();
    for (const signature of signatures) {
      if (/^[0-9a-f]{64}$/.test(signature) && timingSafeEqual(Buffer.from(signature, 'hex'), expected)) matches = true;
    }
  }
  return matches ? undefined : 'bad_credential';
}

interface SignatureHeader {
  readonly time: string;
  readonly signatures: readonly string[];
}

/** Form and time of the header: what can be checked before the body is read. */
export function readSignatureHeader(header: string | undefined, nowMs: number): SignatureHeader | Refusal {
  if (header === undefined || header.length > longestHeader) return 'bad_credential';
  const fields = header.split(',').map((field) => field.trim());
  const times = fields.filter((field) => field.startsWith('t='));
  const signatures = fields.filter((field) => field.startsWith('v1=')).map((field) => field.slice(3));
  const time = times[0]?.slice(2);
  if (times.length !== 1 || time === undefined || !/^\d{10}$/.test(time)) return 'stale_signature';
  if (Math.abs(nowMs - Number(time) * 1000) > mostAgeSeconds * 1000) return 'stale_signature';
  if (signatures.length === 0 || signatures.length > mostSignatures) return 'bad_credential';
  return { time, signatures };
}
