import { boundLabel, maxLabelBytes } from '../../../codec/label.ts';
import { FrameError } from './frame.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';

export function writeLabel(writer: FrameWriter, label: string | undefined): void {
  const bounded = boundLabel(label ?? '');
  writer.u8(Buffer.byteLength(bounded)).text(bounded);
}

export function readLabel(reader: FrameReader): string {
  const bytes = reader.u8();
  if (bytes > maxLabelBytes) {
    throw new FrameError('malformed', `label: expected at most ${maxLabelBytes} bytes, found ${bytes}`);
  }
  return boundLabel(reader.text(bytes));
}
