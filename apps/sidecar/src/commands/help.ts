import { sidecarOptions } from '../config/options.ts';
import { printOptions } from '../config/print.ts';

/** `--help`. The options come from the schema, so that none can be missing. */
export function printHelp(): string {
  return `revocast-sidecar: keeps the denylist of the API processes beside it complete.

Usage: revocast-sidecar [command] [options]

Commands:
  run               follow the source and serve it (default)
  init              declare a first log in Redis whole, so that no process waits for its recovery
  repair            delete rules in Redis that no clock can have written; stop all sidecars before, and restart
                    them and the API processes after
  raise-skew        let a log of the last release add 5 s to a cutoff, as a new one does; upgrade all publishers before,
                    and restart the sidecars, then the API processes after
  config validate   check flags, environment and file, and print every mistake
  config print      print each value with its origin, secrets masked
  config schema     print the JSON schema of the configuration file
  wait [--max 30s] [--url http://127.0.0.1:7472] -- program arguments…
                    start a program as soon as the sidecar is ready, or after --max

Options (flag before environment before file before default):
  --config <file>
      YAML with these options under their camelCase names. (REVOCAST_CONFIG)
  --print-config
      As \`config print\`.
${printOptions(sidecarOptions)}  --help, --version
`;
}
