import type { Command } from 'commander';
import { sidecarAddress, webAddress } from '../options/parse-argument.ts';
import { defaultSidecar } from '../options/source-options.ts';

export interface SidecarOptions {
  /** `false` after `--no-sidecar`; commander sets `true` when neither option is given. */
  readonly sidecar?: string | boolean;
  readonly sidecarAdmin: string;
}

export function addSidecarOptions(command: Command): Command {
  return command
    .option('--sidecar <url>', `data listener of a sidecar (default: ${defaultSidecar})`, sidecarAddress)
    .option('--no-sidecar', 'do not check the sidecar')
    .option('--sidecar-admin <url>', 'admin listener of that sidecar', webAddress, 'http://127.0.0.1:7472');
}

export function sidecarOf({ sidecar, sidecarAdmin: adminUrl }: SidecarOptions) {
  if (sidecar === false) return undefined;
  return { dataUrl: typeof sidecar === 'string' ? sidecar : defaultSidecar, adminUrl };
}
