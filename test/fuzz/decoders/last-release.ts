import { decodeReport, encodeReport } from '../../../packages/denylist/src/codec/report.ts';
import { decodeUsageReport, encodeUsageReport } from '../../../packages/denylist/src/codec/usage-report.ts';
import { decodeProof, encodeProof, parsePosition } from '../../../packages/denylist/src/http/wire/wire.ts';
import { FeedError } from '../../../packages/denylist/src/log/feed.ts';
import type { Decoder } from '../decoder.ts';

const replica = { id: 'r-1', cursor: '0123456789abcdef.12', failOpen: false, maxStalenessMs: 5000, isServer: false };
const usageDigest = Buffer.alloc(16, 7).toString('base64url');

/** A report that a reader of the last release posts. */
export const report: Decoder = {
  name: 'report',
  seeds: [
    encodeReport({ reader: 'r-1', replicas: [] }),
    encodeReport({ reader: 'relay', replicas: [replica, { ...replica, id: 'r-2', hasLookUp: true }] }),
  ].map((text) => Buffer.from(text)),
  format: 'json',
  decode: (input) => decodeReport(input.toString('utf8')),
};

/** Usage that a process posts. */
export const usageReport: Decoder = {
  name: 'usage-report',
  seeds: [Buffer.from(encodeUsageReport({ subjects: [usageDigest], tokens: { web: [usageDigest], other: [] } }))],
  format: 'json',
  decode: (input) => decodeUsageReport(input.toString('utf8')),
};

/** A proof in the event stream of the last release, and a position in it. */
export const proofLine: Decoder = {
  name: 'proof-line',
  seeds: [
    encodeProof({ provenAtMs: 12.5, bootId: 'b', heartbeatLoggedAtMs: 1_800_000_000_000, logAtProofMs: 1.8e12 }),
    encodeProof({ provenAtMs: 12.5, bootId: '' }),
    '0123456789abcdef.12',
  ].map((line) => Buffer.from(line)),
  format: 'binary',
  decode(input) {
    const line = input.toString('utf8');
    return parsePosition(line) ?? decodeProof(line);
  },
  isExpected: (error) => error instanceof FeedError,
};
