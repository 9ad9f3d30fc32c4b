import type { Command } from 'commander';
import { sidecarAddress, webAddress } from '../parse-argument.ts';

export interface SidecarOptions {
  /** `false`: none is looked at. */
  readonly sidecar?: string | false;
  readonly sidecarAdmin: string;
}

export const defaultSidecarAdmin = 'http://127.0.0.1:7472';

export function addSidecarOptions(command: Command): Command {
  return command
    .option('--sidecar <url>', 'data listener of a sidecar (default: http://127.0.0.1:7471)', sidecarAddress)
    .option('--no-sidecar', 'leave the sidecar out')
    .option('--sidecar-admin <url>', 'its admin listener', webAddress, defaultSidecarAdmin);
}

export function sidecarOf({ sidecar, sidecarAdmin }: SidecarOptions, fallback: string) {
  if (sidecar === false) return undefined;
  // The negation makes commander set `true` where nothing was said.
  return { dataUrl: typeof sidecar === 'string' ? sidecar : fallback, adminUrl: sidecarAdmin };
}
