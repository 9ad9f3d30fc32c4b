import { randomBytes } from 'node:crypto';
import type { Attack } from '../attack.ts';
import { requestText } from '../request-text.ts';
import { clientMessage, joinFrame, type RowFields, reportFrame, upgradeText } from '../stream-bytes.ts';

const maxBytes = 64 * 1024;
const label = 'x'.repeat(128);
const honest = { failOpen: false, maxStalenessMs: 5000, label: 'orders-7f9c' };

/** Reports on the wire of the last release: the names are free to choose. */
export const manyNames: Attack = {
  name: '64 KiB reports under new names',
  area: 'reports',
  target: 'data',
  way: 'requests',
  perSecond: 50,
  bad: (_context, index) => ack(`stranger-${index}`, fullReport(index)),
  good: (_context, _index, bytes) => ack('honest', [['honest', null, 0, 5000, 2, honest.label]], bytes),
};

/** Streams whose reports name as many replicas as fit into a frame. */
export const manyReplicas: Attack = {
  name: 'joins with 128 KiB of reports',
  area: 'streams',
  target: 'data',
  way: 'sockets',
  perSecond: 25,
  bad() {
    const stranger = { failOpen: true, maxStalenessMs: 60_000, label };
    return stream({ relay: true, ...stranger }, () => ({ id: randomBytes(8).toString('hex'), ...stranger }));
  },
  good: () => stream({ relay: false, ...honest }, () => ({ id: '0'.repeat(16), ...honest, label })),
};

/** As many rows as fit: three per cent of them with the largest number there is. */
function fullReport(index: number): unknown[] {
  const rows: unknown[] = [];
  for (let bytes = 200; bytes < maxBytes - 200; ) {
    const row = [`r${index}-${rows.length}`, null, 1, rows.length % 30 === 0 ? 1e308 : 60_000, 2, label];
    rows.push(row);
    bytes += JSON.stringify(row).length + 1;
  }
  return rows;
}

function ack(reader: string, replicas: readonly unknown[], bytes = 0): string {
  const parts = { method: 'POST', path: '/v1/acks', headers: { 'Content-Type': 'application/json' } };
  const body = JSON.stringify({ v: 1, reader, replicas });
  // JSON may end with spaces.
  const missing = Math.max(0, bytes - requestText({ ...parts, body: body.padEnd(10_000) }).length);
  return requestText({ ...parts, body: missing === 0 ? body : body.padEnd(10_000 + missing) });
}

/** An opening handshake, a join and two reports of almost 64 KiB. */
function stream(join: Parameters<typeof joinFrame>[0], row: () => RowFields): string {
  const rows = Array.from({ length: 433 }, row);
  const messages = [joinFrame(join), reportFrame(rows), reportFrame(rows.map(row))].map(clientMessage);
  return upgradeText() + Buffer.concat(messages).toString('latin1');
}
