import { printOptions } from '@revocast/sidecar/service';
import { receiverOptions } from '../config/receiver-options.ts';

/** `--help`. The options come from their table, so that none can be missing. */
export function printHelp(): string {
  const typed = { ...receiverOptions, options: receiverOptions.options.filter(({ type }) => type !== 'nested') };
  return `revocast-receiver: turns what identity providers send into revocations.

Usage: revocast-receiver [command] --config receiver.yaml [options]

Commands:
  run               receive until a signal (default)
  config validate   check flags, environment and file, and print every mistake
  config print      print each value with its origin, secrets masked
  config schema     print the JSON schema of the configuration file

Options (flag before environment before file before default):
  --config <file>
      YAML with these options under their camelCase names, and with the list \`sources\` (docs/receiver.md). (REVOCAST_CONFIG)
  --print-config
      As \`config print\`.
${printOptions(typed)}  --help, --version
`;
}
