import {
  anyIssuer,
  issuerDigestBytes,
  maxTrustedIssuers,
  type TrustedIssuers,
} from '../../../rules/trusted-issuers.ts';
import { FrameError } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';

const any = 254;
const notStated = 255;

/** The number of digests and the digests; or 254 for any issuer, 255 where nothing is stated. */
export function writeIssuers(writer: FrameWriter, issuers: TrustedIssuers | undefined): void {
  if (issuers === undefined) writer.u8(notStated);
  else if (issuers === anyIssuer) writer.u8(any);
  else {
    const bytes = issuers.length / 2;
    writer.u8(bytes / issuerDigestBytes).hex(issuers, bytes);
  }
}

export function readIssuers(reader: FrameReader): TrustedIssuers | undefined {
  const count = reader.u8();
  if (count === notStated) return undefined;
  if (count === any) return anyIssuer;
  if (count <= maxTrustedIssuers) return reader.text(count * issuerDigestBytes, 'hex');
  throw new FrameError('malformed', `issuers: expected at most ${maxTrustedIssuers}, 254 or 255, found ${count}`);
}
