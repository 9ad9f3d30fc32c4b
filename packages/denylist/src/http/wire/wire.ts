import { FeedError } from '../../log/feed.ts';

// The sidecar's wire. Paths carry the version; a server answers this one and, once there is another, the one before.

export const wireVersion = 1;
export const paths = {
  stream: `/v${wireVersion}/stream`,
  snapshot: `/v${wireVersion}/snapshot`,
  events: `/v${wireVersion}/events`,
  fresh: `/v${wireVersion}/fresh`,
  revocations: `/v${wireVersion}/revocations`,
  seeds: `/v${wireVersion}/seeds`,
  acks: `/v${wireVersion}/acks`,
  enforcement: `/v${wireVersion}/enforcement`,
  usage: `/v${wireVersion}/usage`,
} as const;

/** Response header of a snapshot: the log's clock in milliseconds as the sidecar knows it, or absent. */
export const logNowHeader = 'revocast-log-now';

/** Request header: which reader asks. Only one that reports is given proofs. */
export const readerHeader = 'revocast-reader';

/** Events of the stream. */
export const streamEvents = { rule: 'rule', proof: 'proof', goodbye: 'goodbye' } as const;

/** The stream is never silent for longer than this: a reader may tell a dead link from a quiet one. */
export const keepAliveMs = 1000;
/** A reader gives up on a link that has been silent this long. */
export const readTimeoutMs = 3000;

/** A position in one sidecar's feed: `n` counts every change of its denylist since it started. */
export interface StreamPosition {
  readonly feed: string;
  readonly n: number;
}

export function formatPosition({ feed, n }: StreamPosition): string {
  return `${feed}.${n}`;
}

export function parsePosition(text: string): StreamPosition | undefined {
  const match = /^([0-9a-f]{16})\.(0|[1-9]\d{0,14})$/.exec(text);
  return match === null ? undefined : { feed: match[1]!, n: Number(match[2]) };
}

/**
 * A sidecar's own proof, sent while it is fresh and behind every change before it:
 * `1|provenAtMs|bootId|heartbeatLoggedAtMs|logAtProofMs`, the last two possibly empty.
 */
export interface ProofMessage {
  /** The sending host's monotonic clock: means something only to a process of the same boot of the same host. */
  readonly provenAtMs: number;
  readonly bootId: string;
  readonly heartbeatLoggedAtMs?: number;
  /**
   * The log's clock at `provenAtMs`, and not when it is sent: a frame waits in a stalled link or a busy process, and read
   * late, a time of sending would set the reader's log clock back by as much.
   */
  readonly logAtProofMs?: number;
}

export function encodeProof(proof: ProofMessage): string {
  const { provenAtMs, bootId, heartbeatLoggedAtMs, logAtProofMs } = proof;
  return [wireVersion, provenAtMs.toFixed(3), bootId, heartbeatLoggedAtMs ?? '', logAtProofMs?.toFixed(3) ?? ''].join(
    '|',
  );
}

/** @throws FeedError when the line is not one of ours. */
export function decodeProof(line: string): ProofMessage {
  const [version, provenAt, bootId, heartbeatAt, logAtProof, ...more] = line.split('|');
  const provenAtMs = Number(provenAt);
  const wellFormed = version === String(wireVersion) && more.length === 0 && logAtProof !== undefined;
  if (!wellFormed || bootId === undefined || provenAt === '' || !Number.isFinite(provenAtMs)) {
    throw new FeedError('protocol', 'the sidecar sent a proof that cannot be read');
  }
  const heartbeatLoggedAtMs = optionalNumber(heartbeatAt);
  const logAtProofMs = optionalNumber(logAtProof);
  return {
    provenAtMs,
    bootId,
    heartbeatLoggedAtMs,
    logAtProofMs,
  };
}

function optionalNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
